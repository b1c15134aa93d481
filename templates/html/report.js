// Filters what the page already shows, and nothing else. Without this script the whole report is there.
(() => {
  "use strict";
  const form = document.getElementById("filter");
  const main = document.getElementById("main");
  const field = document.getElementById("filter-text");
  const status = document.getElementById("filter-status");
  const boxes = [...form.querySelectorAll("input[name=verdict]")];
  const ENTRY = "[data-f], .f > tr, .queries > details";
  // A row of a check; the first of a body may be the reason that all the others share.
  const ROW = ".rows tbody > tr:has(> td)";
  const reason = (row) => (row.parentElement.matches(".as") ? fold(row.parentElement.rows[0].textContent) : "");
  const fold = (text) => text.toLowerCase().replace(/\s+/g, " ");

  // What can be shown or hidden. A row of a check is also found by the words of its check and its control.
  const parts = [...document.querySelectorAll(".part")].map((part) => ({
    part,
    checks: [...part.querySelectorAll(".check")].map((check) => {
      const text = fold(part.querySelector(".title").textContent + " " + check.querySelector(".head").textContent + " " + [...check.querySelectorAll(".note")].map((n) => n.textContent).join(" "));
      return { check, text, verdict: check.dataset.v, rows: [...check.querySelectorAll(ROW)].map((row) => ({ row, verdict: row.parentElement.dataset.v, text: `${text} ${fold(row.textContent)} ${reason(row)}` })) };
    }),
    items: [...part.querySelectorAll(ENTRY)].map((item) => ({ item, verdict: item.dataset.v || "", text: fold(item.textContent) })),
  }));
  const blocks = [...document.querySelectorAll(".part .scroll, .part tbody, .part details, .part h3:not(.title), .part h4")];
  const opened = new Set();
  const number = new Intl.NumberFormat("en-US");
  const all = { rows: 0, checks: 0, items: 0 };
  for (const p of parts) {
    all.checks += p.checks.length;
    all.items += p.items.length;
    for (const c of p.checks) all.rows += c.rows.length;
  }

  const reset = () => {
    for (const p of parts) {
      p.part.hidden = false;
      for (const c of p.checks) {
        c.check.hidden = false;
        for (const r of c.rows) r.row.hidden = false;
      }
      for (const i of p.items) i.item.hidden = false;
    }
    for (const b of blocks) b.hidden = false;
    for (const d of opened) d.open = false;
    opened.clear();
  };

  const apply = () => {
    const words = fold(field.value).split(" ").filter(Boolean);
    const verdicts = new Set(boxes.filter((b) => b.checked).map((b) => b.value));
    const active = words.length > 0 || verdicts.size > 0;
    reset();
    document.body.classList.toggle("filtering", active);
    form.classList.toggle("active", active);
    if (!active) {
      status.textContent = "";
      return;
    }
    const hit = (x) => (verdicts.size === 0 || verdicts.has(x.verdict)) && words.every((w) => x.text.includes(w));
    const seen = { rows: 0, checks: 0, items: 0 };
    for (const p of parts) {
      let any = false;
      for (const c of p.checks) {
        let rows = 0;
        for (const r of c.rows) {
          r.row.hidden = !hit(r);
          if (!r.row.hidden) rows += 1;
        }
        c.check.hidden = rows === 0 && !hit(c);
        if (!c.check.hidden) seen.checks += 1;
        seen.rows += rows;
        any = any || !c.check.hidden;
      }
      for (const i of p.items) {
        i.item.hidden = !hit(i);
        if (!i.item.hidden) seen.items += 1;
        any = any || !i.item.hidden;
      }
      p.part.hidden = !any;
    }
    tidy();
    if (main.getBoundingClientRect().top < 0) main.scrollIntoView();
    status.textContent = `Filter on${verdicts.size ? ": " + [...verdicts].join(", ") : ""}${words.length ? `${verdicts.size ? ";" : ":"} “${field.value.trim()}”` : ""}. Shown: ${number.format(seen.rows)} of ${number.format(all.rows)} result rows, ${number.format(seen.checks)} of ${number.format(all.checks)} checks, ${number.format(seen.items)} of ${number.format(all.items)} other entries. The rest is hidden.`;
  };

  // Hide tables, lists and headings whose every entry is hidden; open lists that hold a match.
  const tidy = () => {
    const entries = `${ROW}, ${ENTRY}`;
    for (const b of blocks) {
      if (b.closest(".part").hidden || b.closest(".check")?.hidden) continue;
      if (b.matches("h3, h4")) {
        if (!b.closest(".check")) b.hidden = !b.closest(".prose") && empty(b);
        continue;
      }
      if (b.matches(ENTRY)) continue;
      const within = [...b.querySelectorAll(entries)];
      if (within.length === 0) {
        b.hidden = !b.closest(".check, tr");
      } else if (within.every((e) => e.hidden)) {
        b.hidden = true;
      } else if (b.matches("details") && !b.open) {
        b.open = true;
        opened.add(b);
      }
    }
  };
  const empty = (heading) => {
    for (let e = heading.nextElementSibling; e && !/^H[1-4]$/.test(e.tagName); e = e.nextElementSibling) {
      if (e.matches(ENTRY) ? !e.hidden : [...e.querySelectorAll(ENTRY)].some((x) => !x.hidden)) return false;
    }
    return true;
  };

  const clear = () => {
    field.value = "";
    for (const b of boxes) b.checked = false;
    apply();
  };

  // A link always shows its target, whatever the filter hides.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[hidden]") || target.closest(".filtering .prose")) clear();
    for (let d = target.closest("details"); d; d = d.parentElement.closest("details")) d.open = true;
    target.scrollIntoView();
  };

  let wait = 0;
  field.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(apply, 150);
  });
  for (const b of boxes) b.addEventListener("change", apply);
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    clearTimeout(wait);
    clear();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", reveal);

  form.hidden = false;
  if (location.hash) reveal();
})();
