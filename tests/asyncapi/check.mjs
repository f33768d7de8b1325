// Reads the published AsyncAPI document with AsyncAPI's own parser; anything it finds wrong, warnings included, is a failure.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Parser } from "@asyncapi/parser";

const path = fileURLToPath(new URL("../../edge-agent/docs/mqtt/asyncapi.yaml", import.meta.url));
const text = await readFile(path, "utf8");
const { document, diagnostics } = await new Parser().parse(text, { source: path });

const SEVERITIES = ["error", "warning", "information", "hint"];
const wrong = diagnostics.filter((found) => found.severity <= 1);
for (const found of diagnostics) {
  console.log(`${SEVERITIES[found.severity]}: ${found.path.join(".")}: ${found.message} (${found.code})`);
}
if (document === undefined || wrong.length > 0) {
  console.error(`${path}: not a valid AsyncAPI document`);
  process.exit(1);
}
// The parser does look: an operation of no channel is found.
const broken = await new Parser().parse(text.replace("#/channels/ack' }\n    summary", "#/channels/nothing' }\n    summary"), { source: path });
if (!broken.diagnostics.some((found) => found.severity === 0)) {
  console.error("the parser finds nothing wrong with a document that is");
  process.exit(1);
}
const counts = [document.channels(), document.operations(), document.messages(), document.schemas()].map((all) => all.length);
console.log(`AsyncAPI ${document.version()}: ${counts[0]} channels, ${counts[1]} operations, ${counts[2]} messages, ${counts[3]} schemas, nothing wrong`);
