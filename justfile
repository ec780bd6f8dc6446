# The menu. One line a recipe; logic lives in `xtask` and `.ci/run`.

# Show this menu.
default:
    @just --list

# Everything that continuous integration checks.
ci:
    .ci/run

# The style rules that a machine can check.
tidy:
    cargo xtask tidy

# Spelling and the glossary's words (needs typos).
words:
    typos

# Links between papers (needs lychee).
links:
    lychee --offline --no-progress $(git ls-files '*.md')

# Format everything.
fmt:
    cargo fmt --all

# Lints, as strict as continuous integration.
lint:
    cargo clippy --release --workspace --all-targets -- -D warnings

# All tests.
test:
    cargo test --release --workspace

# The network on this machine, from nothing.
up *ARGS:
    cargo run --release -- up {{ARGS}}

# One simulated run of a lazy provider among honest ones.
sim SEED="1":
    cargo run --release -- sim run scenarios/lazy-provider.toml --seed {{SEED}}

# Rebuild the guest programs and compare them with the committed ones (needs clang with wasm32).
guests:
    crates/compute/guests/build.sh --check

# The API documentation, in a browser.
doc:
    cargo doc --release --no-deps --workspace --open

# Licences, origins and bans of dependencies.
licences:
    cargo xtask licences

# Damaged bytes for everything that reads bytes.
fuzz *ARGS:
    cargo xtask fuzz {{ARGS}}

# Licences, advisories, duplicates and origins (needs cargo-deny).
deny:
    cargo deny check

# Benchmarks.
bench *ARGS:
    cargo bench --workspace {{ARGS}}
