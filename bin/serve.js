#!/usr/bin/env node
// The service, as `npm start` runs it.
import { runSource } from "./compiled.js";

await runSource("service/main");
