#!/usr/bin/env node
// For installations whose service may not write beside its sources: compiles them ahead.
import { compiledSources } from "./compiled.js";

await compiledSources();
