import { describe, expect, it } from "vitest";
import { sharedRead } from "../../src/service/shared-read.ts";

/** Reads that end when the test says so. */
function slowReads() {
  const started: { readonly end: (value: number) => void; readonly fail: () => void }[] = [];
  const read = sharedRead(
    (key: string) =>
      new Promise<number>((resolve, reject) => {
        started.push({
          end: resolve,
          fail: () => {
            reject(new Error(`no answer for ${key}`));
          },
        });
      }),
  );
  return { started, read };
}

describe("a shared read", () => {
  it("answers nobody with what was read before they asked, and runs one read at a time", async () => {
    const { started, read } = slowReads();
    const first = read("a");
    const late = [read("a"), read("a"), read("a")];
    expect(started).toHaveLength(1);
    started[0]?.end(1);
    expect(await first).toBe(1);
    await Promise.resolve();
    expect(started).toHaveLength(2);
    started[1]?.end(2);
    expect(await Promise.all(late)).toEqual([2, 2, 2]);
    const fresh = read("a");
    expect(started).toHaveLength(3);
    started[2]?.end(3);
    expect(await fresh).toBe(3);
  });

  it("keeps keys apart, and a failure to those who waited for it", async () => {
    const { started, read } = slowReads();
    const failing = read("a");
    const other = read("b");
    const after = read("a");
    expect(started).toHaveLength(2);
    started[0]?.fail();
    started[1]?.end(7);
    await expect(failing).rejects.toThrow("no answer");
    expect(await other).toBe(7);
    started[2]?.end(8);
    expect(await after).toBe(8);
  });
});
