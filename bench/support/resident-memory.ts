const BYTES_PER_MIB = 2 ** 20;

/** What a service, with all of its threads, has in memory, by its own metrics. */
export async function residentMemory(url: string): Promise<string> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const bytes = /^process_resident_memory_bytes(?:\{[^}]*\})? (\S+)$/m.exec(text)?.[1];
  if (bytes === undefined) throw new Error("The metrics have no resident memory");
  return `${Math.round(Number(bytes) / BYTES_PER_MIB)} MiB`;
}
