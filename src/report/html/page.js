
"use strict";
(() => {
  // A rule's page that a link leads to is opened.
  const open = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") { target.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", open);
  open();
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
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", filter);
  addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) { event.preventDefault(); search.focus(); }
    if (event.key === "Escape" && document.activeElement === search) { search.value = ""; filter(); }
  });
  filter();
})();
