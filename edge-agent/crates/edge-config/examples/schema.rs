//! Prints the JSON Schema of `hall.toml`: `cargo run -p edge-config --example schema > hall-config/hall.schema.json`.

use std::io::Write;

fn main() -> std::io::Result<()> {
    let schema = format!("{:#}\n", edge_config::json_schema());
    std::io::stdout().lock().write_all(schema.as_bytes())
}
