export function compiledSources(): Promise<string>;
export function runSource(name: string): Promise<unknown>;
