//! edge-agent: wiring of one edge box. Owns components and their supervision; judges nothing itself.

pub mod web;
