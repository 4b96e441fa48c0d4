// What a thread begins with that sources start, and not compiled ones, as in tests and benches: its first argument names a module of src without its ending.
import { runSource } from "./compiled.js";

const { default: work } = await runSource(process.argv[2]);
/** For pools of threads, which call it. */
export default work;
