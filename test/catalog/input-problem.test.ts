import { expect, test } from "vitest";
import { z } from "zod";
import { InvalidInput, jsonPointer, problemsFromIssues } from "../../src/catalog/input-problem.ts";
import { parseInput, readJsonFile } from "../../src/catalog/parse-json-file.ts";

const schema = z.strictObject({
  rows: z.array(z.strictObject({ id: z.string(), seconds: z.number().positive() })),
  mode: z.enum(["fast", "slow"]).optional(),
});

function problems(input: unknown): ReturnType<typeof problemsFromIssues> {
  const result = schema.safeParse(input);
  return result.success ? [] : problemsFromIssues(result.error.issues, input);
}

test("a problem holds the JSON pointer, the value found there, the row's id and a fix", () => {
  expect(
    problems({
      rows: [
        { id: "a", seconds: 1 },
        { id: "b", seconds: -2 },
      ],
    }),
  ).toEqual([
    {
      path: "/rows/1/seconds",
      value: -2,
      message: 'Too small: expected number to be >0 (row "b")',
      fix: "Give seconds a value above 0.",
    },
  ]);
});

test("a missing field, a wrong type, an unknown field and a wrong word are each named", () => {
  const found = problems({ rows: [{ id: "a" }, { id: "b", seconds: "1" }], mode: "medium", extra: 1 });
  expect(found.map(({ path, value }) => [path, value])).toEqual([
    ["/rows/0/seconds", undefined],
    ["/rows/1/seconds", "1"],
    ["/mode", "medium"],
    ["/extra", 1],
  ]);
  expect(found[0]?.message).toContain("seconds is missing");
  expect(found[2]?.fix).toBe('Use one of: "fast", "slow".');
});

test("in a union the alternative that fits best is explained", () => {
  const union = z.union([
    z.strictObject({ gpus: z.number() }),
    z.strictObject({ shape: z.object({ x: z.number() }) }),
  ]);
  const input = { shape: { x: "wide" } };
  const result = union.safeParse(input);
  expect(result.success).toBe(false);
  if (result.success) return;
  expect(
    problemsFromIssues(result.error.issues, input).map(({ path, value }) => [path, value]),
  ).toContainEqual(["/shape/x", "wide"]);
});

test("an unknown kind is answered with the known ones", () => {
  const layers = z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("conv") }),
    z.strictObject({ kind: z.literal("relu") }),
  ]);
  expect(() => parseInput(layers, { kind: "gelu" }, "layers.json")).toThrow(
    /\/kind: .*found "gelu"\. Use one of: "conv", "relu"\./,
  );
});

test("a pointer escapes ~ and /", () => {
  expect(jsonPointer(["a/b", 0, "c~d"])).toBe("/a~1b/0/c~0d");
});

test("the error's text names the source and every problem", () => {
  expect(() => parseInput(schema, { rows: [{ id: "a", seconds: 0 }], mode: 3 }, "jobs.json")).toThrow(
    /jobs\.json cannot be used:\n {2}\/rows\/0\/seconds: .*found 0\..*\n {2}\/mode: .*found 3\./,
  );
});

test("a file that is absent or no JSON is refused by name", () => {
  expect(() => readJsonFile("no/such/file.json")).toThrow(InvalidInput);
  expect(() => readJsonFile("no/such/file.json")).toThrow(/no\/such\/file\.json cannot be used/);
  expect(() => readJsonFile("README.md")).toThrow(InvalidInput);
});
