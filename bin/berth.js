#!/usr/bin/env node
// A checkout works after `npm ci`, with no build step to remember.
import { runSource } from "./compiled.js";

await runSource("cli/main");
