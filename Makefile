# The two commands: `make run` (set up, build, play the demo hall) and `make test` (set up, check and test everything).
# All targets respect CARGO_TARGET_DIR. Nothing here needs a service running on this machine.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

scripts := edge-agent/scripts
target := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
# rustup's folder, so that a cargo that set-up has just brought is found without a new login.
export PATH := $(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin
triplet := $(shell gcc -print-multiarch 2>/dev/null || uname -m | sed 's/$$/-linux-gnu/')

# .cargo/config.toml names x86_64's folders; the environment goes before it, so other machines build the same way.
ifneq ($(triplet),x86_64-linux-gnu)
export OPENCV_LINK_PATHS ?= /usr/lib/$(triplet)
export OPENCV_INCLUDE_PATHS ?= /usr/include/opencv4,/usr/include/$(triplet)/opencv4
endif
export ORT_DYLIB_PATH ?= $(CURDIR)/.native/onnxruntime/libonnxruntime.so.1.28.0
# ONNX Runtime has no telemetry in the pinned version; this keeps it so if somebody brings a newer one.
export ORT_DISABLE_TELEMETRY := 1

.PHONY: help setup setup-test build run test lint bench fuzz storm deny fmt clean-native

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## Bring what building and running needs (packages, ONNX Runtime, the page); quick when all is there
	@$(scripts)/setup.sh run

setup-test: ## The same, and what the tests need (encoders, a browser)
	@$(scripts)/setup.sh test

build: ## Release build of the agent and the demo (after make setup)
	cargo build --release --locked -p edge-agent -p edge-tests --bins

run: setup build ## Watch the demo hall being judged; Ctrl-C ends it
	@$(target)/release/hall-demo --agent $(target)/release/edge-agent

test: setup-test ## Formatting, lints, every test of every crate and of the page
	@$(scripts)/test.sh

lint: setup-test ## Formatting, clippy and the page's type check only
	@$(scripts)/test.sh lint

bench: setup-test ## A day of a large hall, CPU time per analysed frame, a backlog of 100,000 events; rewrites the tables in edge-agent/docs/performance.md
	cargo run --release --locked -p hall-replay --example day
	cargo run --release --locked -p edge-vision --example bench
	cargo run --release --locked -p edge-uplink --example drain

fuzz: setup ## A million inputs for every parser of foreign bytes (needs cargo-fuzz); RUNS=1000 fewer, PARSER=ld2410 only one
	@$(scripts)/fuzz.sh

storm: setup-test ## Kill the broker 200 times at random instants while a fleet publishes: 100 with and 100 without persistence (two minutes)
	cargo build --locked -p edge-agent -p edge-tests --bins
	EDGE_TEST_KILLS=100 cargo test --locked -p edge-tests --test e2e broker_storm -- --nocapture

deny: ## Licences and advisories of all dependencies (needs cargo-deny)
	@command -v cargo-deny >/dev/null || { echo "cargo-deny is missing; what to do: cargo install --locked cargo-deny (some minutes)" >&2; exit 1; }
	cargo deny --all-features check

fmt: ## Format the Rust code
	cargo fmt --all

clean-native: ## Forget the fetched ONNX Runtime, Node.js and the page's build; the next set-up brings them again
	rm -rf .native web-ui/node_modules web-ui/dist
