
"use strict";
(() => {
  // A rule's page that a link leads to is opened.
  const open = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") { target.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", open);
  open();
  // What is folded cannot be unfolded on paper. The rules' pages are not printed.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not(.rule, [open])")];
    for (const one of folded) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of folded) one.open = false; });
  const find = document.getElementById("find");
  if (find) {
    const findings = [...document.querySelectorAll(".finding[data-rules]")];
    const [text, rule, type, severity, fold, found] =
      ["find-text", "find-rule", "find-class", "find-severity", "fold", "found"].map((id) => document.getElementById(id));
    const texts = findings.map((one) => one.textContent.toLowerCase());
    const narrow = () => {
      const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      findings.forEach((one, index) => {
        const { rules, classes, severity: level } = one.dataset;
        const fits = words.every((word) => texts[index].includes(word))
          && (!rule.value || rules.split(" ").includes(rule.value))
          && (!type.value || classes.split(" ").includes(type.value))
          && (!severity.value || level === severity.value);
        one.hidden = !fits;
        count += fits;
      });
      found.value = `${count} of ${findings.length}`;
    };
    const label = () => { fold.textContent = findings.some((one) => one.open) ? "Fold all" : "Unfold all"; };
    fold.addEventListener("click", () => {
      const open = !findings.some((one) => one.open);
      for (const one of findings) one.open = open;
      label();
    });
    find.hidden = false;
    find.addEventListener("submit", (event) => event.preventDefault());
    find.addEventListener("input", narrow);
    narrow();
    label();
  }
  const form = document.getElementById("filter");
  if (!form) return;
  const [search, classes, past, shown] = ["search", "class", "past", "shown"].map((id) => document.getElementById(id));
  const rows = [...document.querySelectorAll("#table tbody tr")].map((row) => [row, row.textContent.toLowerCase()]);
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const [row, text] of rows) {
      const fits = words.every((word) => text.includes(word))
        && (!classes.value || row.dataset.class === classes.value)
        && (!past.checked || "past" in row.dataset);
      row.hidden = !fits;
      count += fits;
    }
    shown.value = `${count} of ${rows.length}`;
  };
  const show = (text) => { search.value = text; classes.value = ""; past.checked = false; filter(); };
  for (const link of document.querySelectorAll("[data-search]")) {
    link.addEventListener("click", () => show(link.dataset.search));
  }
  // A link to the page can say what to look for: report.html#search=quay.io
  const asked = () => {
    const text = new URLSearchParams(location.hash.slice(1)).get("search");
    if (text === null) return false;
    show(text);
    document.getElementById("images").scrollIntoView();
    return true;
  };
  addEventListener("hashchange", asked);
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", filter);
  addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) { event.preventDefault(); search.focus(); }
    if (event.key === "Escape" && document.activeElement === search) { search.value = ""; filter(); }
  });
  if (!asked()) filter();
})();
