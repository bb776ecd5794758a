// report.js - searching and filtering of a report. All that there is to see is in the page already; this hides what
// was not asked for. Rows, checks and items of the tree are things; of things in things the outer one stays as long
// as an inner one does.
"use strict";
(() => {
  const THINGS = "tbody tr:not(.day), .item";
  const FILTERS = [["kind", "k"], ["table", "t"], ["silo", "s"]];
  const WAIT_MS = 120; // after the last key
  const byId = (id) => document.getElementById(id);
  const words = byId("words"), found = byId("found");
  const sections = [...document.querySelectorAll("main > section")]
    .map((section) => ({ section, things: [...section.querySelectorAll(THINGS)] }))
    .filter((entry) => entry.things.length);
  const nodes = [...document.querySelectorAll(".node")];
  const edges = [...document.querySelectorAll(".edges path")];
  const texts = new WeakMap();
  const unfolded = new Set();

  // Of an item of the tree only what is its own: what is in it speaks for itself.
  const textOf = (thing) => {
    let text = texts.get(thing);
    if (text === undefined) {
      const inner = thing.matches("li.item") ? thing.querySelector(":scope > details > ul") : null;
      text = thing.textContent.toLowerCase();
      if (inner)
        text = text.slice(0, text.length - inner.textContent.length);
      texts.set(thing, text);
    }
    return text;
  };

  const asked = () => ({
    words: words.value.toLowerCase().split(/\s+/).filter(Boolean),
    filters: FILTERS.map(([id, key]) => [key, byId(id).value]).filter(([, value]) => value),
  });
  const isIdle = (query) => !query.words.length && !query.filters.length;
  const matches = (thing, query) =>
    query.filters.every(([key, value]) => thing.dataset[key] === value) &&
    query.words.every((word) => textOf(thing).includes(word));

  const unfold = (thing) => {
    for (let at = thing.parentElement; at; at = at.parentElement)
      if (at.tagName === "DETAILS" && !at.open) {
        at.open = true;
        unfolded.add(at);
      }
  };
  const foldAgain = () => {
    for (const details of unfolded)
      details.open = false;
    unfolded.clear();
  };

  const showDays = (section) => {
    for (const day of section.querySelectorAll("tr.day")) {
      let row = day.nextElementSibling;
      while (row && row.hidden && !row.classList.contains("day"))
        row = row.nextElementSibling;
      day.hidden = !row || row.classList.contains("day");
    }
  };

  const apply = () => {
    const query = asked();
    let sum = 0;
    foldAgain();
    for (const { section, things } of sections) {
      const kept = new Set(), hits = things.filter((thing) => matches(thing, query));
      for (const hit of hits)
        for (let at = hit; at && at !== section; at = at.parentElement)
          kept.add(at);
      for (const thing of things)
        thing.hidden = !kept.has(thing);
      if (!isIdle(query))
        hits.forEach(unfold);
      section.classList.toggle("empty", !hits.length);
      showDays(section);
      sum += hits.length;
    }
    for (const node of nodes)
      node.classList.toggle("dim", query.words.length > 0 &&
        !query.words.every((word) => textOf(node).includes(word)));
    found.textContent = isIdle(query) ? "" : sum === 1 ? "1 match" : `${sum} matches`;
  };

  const fillChoices = () => {
    for (const [id, key] of FILTERS) {
      const values = new Set();
      for (const { things } of sections)
        for (const thing of things)
          if (thing.dataset[key])
            values.add(thing.dataset[key]);
      for (const value of [...values].sort())
        byId(id).add(new Option(value, value));
    }
  };

  // What a node of the picture is connected with stands out while it is pointed at.
  const light = (node) => {
    for (const edge of edges)
      edge.classList.toggle("on", Boolean(node) &&
        (edge.dataset.a === node.dataset.n || edge.dataset.b === node.dataset.n));
  };

  let timer = 0;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(apply, WAIT_MS);
  };
  const clear = () => {
    words.value = "";
    for (const [id] of FILTERS)
      byId(id).value = "";
    apply();
  };

  fillChoices();
  words.addEventListener("input", later);
  for (const [id] of FILTERS)
    byId(id).addEventListener("change", apply);
  byId("clear").addEventListener("click", clear);
  document.addEventListener("keydown", (event) => {
    const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      words.focus();
    } else if (event.key === "Escape" && isTyping) {
      clear();
    }
  });
  for (const node of nodes) {
    node.addEventListener("mouseenter", () => light(node));
    node.addEventListener("mouseleave", () => light(null));
  }
  byId("search").hidden = false;
})();
