/* The map page of geoplan: draws what the page holds as data. Nothing is loaded, nothing is written as HTML:
   every text from a layer goes through textContent. */
"use strict";

const geoplan = (() => {
  const layers = new Map(); // name -> {setup, data, leaflet}
  let page;
  let map;
  let year = null;
  let opener = null; // what had the focus before a popup was opened from the list
  const DOTS_BELOW_ZOOM = 14; // a plot of 30 m is then some 7 pixels wide at 61° N
  const ORDER = ["ground", "land", "areas", "water", "settlements", "parcels", "constraint", "municipality", "plots"];
  const RESULTS = 40;

  const text = (key) => page.texts[key];
  const coded = (field, value) => text("values")[`${field}.${value}`] ?? value;
  const number = (value, digits = 0) => new Intl.NumberFormat(page.language, { maximumFractionDigits: digits }).format(value);
  const fill = (key, values) => text(key).replace(/\{(\w+)\}/g, (_, name) => values[name]);

  function element(tag, content, attributes = {}) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    for (const part of [content].flat()) if (part !== null && part !== undefined) made.append(part);
    return made;
  }

  /* ---- styles ---- */

  const patterns = new Map();
  function pattern(style, ground) {
    const key = [style.pattern, style.fill, ground].join();
    if (!patterns.has(key)) {
      const tile = document.createElement("canvas");
      tile.width = tile.height = 8;
      const pen = tile.getContext("2d");
      if (ground) {
        pen.fillStyle = ground;
        pen.fillRect(0, 0, 8, 8);
      }
      pen.strokeStyle = pen.fillStyle = style.fill;
      pen.lineWidth = style.pattern === "wide" ? 1.4 : 2;
      pen.beginPath();
      if (style.pattern === "dots") {
        for (const [x, y] of [[2, 2], [6, 6]]) {
          pen.moveTo(x, y);
          pen.arc(x, y, 1.3, 0, 7);
        }
        pen.fill();
      } else {
        const lean = style.pattern === "back" ? -1 : 1;
        for (const shift of [-8, 0, 8]) {
          pen.moveTo(-2 + shift, lean > 0 ? 10 : -2);
          pen.lineTo(10 + shift, lean > 0 ? -2 : 10);
        }
        pen.stroke();
      }
      patterns.set(key, pen.createPattern(tile, "repeat"));
    }
    return patterns.get(key);
  }

  function pathOptions(style) {
    return {
      stroke: Boolean(style.weight),
      color: style.line ?? style.fill,
      weight: style.weight ?? 0,
      opacity: style.lineOpacity ?? 1,
      fill: Boolean(style.fill),
      fillColor: style.pattern ? pattern(style) : style.fill,
      fillOpacity: style.opacity ?? 1,
      dashArray: style.dash,
    };
  }

  function drawSwatch(canvas) {
    const style = page.styles[canvas.dataset.swatch];
    const scale = Math.min(window.devicePixelRatio || 1, 3);
    canvas.width = 28 * scale;
    canvas.height = 18 * scale;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    if (style.ground) {
      pen.fillStyle = style.ground;
      pen.fillRect(2, 2, 24, 14);
    }
    pen.beginPath();
    if (canvas.dataset.dot) {
      const ring = canvas.dataset.dot === "ring";
      pen.arc(14, 9, 4.5, 0, 7);
      pen.fillStyle = ring ? "#fff" : style.fill;
      pen.fill();
      pen.strokeStyle = style.fill;
      pen.lineWidth = 1.5;
      pen.stroke();
      return;
    }
    pen.rect(2, 2, 24, 14);
    if (style.fill) {
      pen.globalAlpha = style.opacity ?? 1;
      pen.fillStyle = style.pattern ? pattern(style) : style.fill;
      pen.fill();
    }
    if (style.weight) {
      pen.globalAlpha = style.lineOpacity ?? 1;
      pen.strokeStyle = style.line ?? style.fill;
      pen.lineWidth = Math.min(style.weight, 2);
      pen.setLineDash(style.dash ? style.dash.split(" ").map(Number) : []);
      pen.stroke();
    }
  }

  function styleOf(setup, properties) {
    if (setup.role === "plots") {
      const certainty = properties.certainty === "preliminary" ? ".preliminary" : "";
      return page.styles[`plots.${properties.area_kind}${certainty}`] ?? page.styles[`plots.unknown${certainty}`];
    }
    if (setup.role === "areas") return page.styles[page.areas[properties.id]?.[year]?.style ?? "areas.unknown"];
    return page.styles[setup.style ?? setup.role];
  }

  /* ---- map and layers: called by the script that Folium writes ---- */

  function makeMap(id, corners) {
    page = JSON.parse(document.getElementById("geoplan-page").textContent);
    year = page.years.at(-1) ?? null;
    const moving = !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    map = L.map(id, { fadeAnimation: moving, zoomAnimation: moving, preferCanvas: true, zoomControl: false, zoomSnap: 0.25, minZoom: 5, maxZoom: 19 });
    map.attributionControl.setPrefix(false).addAttribution(element("span", text("not_binding")).outerHTML);
    L.control.zoom({ zoomInTitle: text("zoom_in"), zoomOutTitle: text("zoom_out") }).addTo(map);
    L.control.scale({ imperial: false }).addTo(map);
    map.getContainer().setAttribute("aria-label", text("map_label"));
    map.fitBounds(corners);
    for (const [index, role] of ORDER.entries()) {
      const pane = map.createPane(role);
      pane.style.zIndex = 400 + index * 10;
      // One canvas per pane keeps the order of drawing; only the topmost one may catch the pointer.
      if (role !== "plots") pane.classList.add("quiet");
    }
    const home = L.control({ position: "topleft" });
    home.onAdd = () => {
      const button = element("button", "⌂", { type: "button", class: "home", title: text("whole_area"), "aria-label": text("whole_area") });
      L.DomEvent.disableClickPropagation(button);
      button.addEventListener("click", () => map.fitBounds(corners));
      return button;
    };
    home.addTo(map);
    map.on("click", (event) => showPlace(event.latlng));
    document.addEventListener("keydown", (event) => event.key === "Escape" && map.closePopup());
    map.on("popupopen", () => document.body.classList.add("popup-open"));
    map.on("popupclose", () => {
      document.body.classList.remove("popup-open");
      opener?.focus({ preventScroll: true });
      opener = null;
    });
    return map;
  }

  const renderers = new Map();
  function renderer(role) {
    if (!renderers.has(role)) renderers.set(role, L.canvas({ pane: role, padding: 0.3, tolerance: role === "plots" ? 4 : 0 }));
    return renderers.get(role);
  }

  function addLayer(name) {
    const { setup, data } = JSON.parse(document.getElementById(`layer-${name}`).textContent);
    const options = { pane: setup.role, renderer: renderer(setup.role), interactive: setup.role === "plots", bubblingMouseEvents: false };
    const group = setup.role === "plots" ? plotGroup(setup, data, options) : L.geoJSON(data, {
      ...options,
      style: (feature) => {
        const style = pathOptions(styleOf(setup, feature.properties));
        return feature.geometry.type.includes("Line") ? { ...style, fill: false } : style;
      },
      smoothFactor: setup.role === "areas" ? 0 : 1,
    });
    if (setup.labels) labels(setup.labels, group);
    if (setup.role === "parcels") fromZoom(setup.role, DOTS_BELOW_ZOOM);
    layers.set(name, { setup, data, leaflet: group });
    return group;
  }

  /* A pane that only large scales show. */
  function fromZoom(pane, zoom) {
    const refresh = () => { map.getPane(pane).style.display = map.getZoom() >= zoom ? "" : "none"; };
    map.on("zoomend", refresh);
    refresh();
  }

  /* Small scales show dots, because a plot smaller than a pixel would vanish; larger ones show the areas. */
  function plotGroup(setup, data, options) {
    const group = L.layerGroup();
    // Plots outside every plan come first, so that those in plans, whose dots are larger, lie on top of them.
    const inPlan = (feature) => feature.properties.plan_homes !== "none";
    const features = [...data.features].sort((a, b) => inPlan(a) - inPlan(b));
    const entries = features.map((feature) => {
      const style = pathOptions(styleOf(setup, feature.properties));
      const outline = L.geoJSON(feature, { ...options, style, pointToLayer: (_, at) => L.circleMarker(at, { ...options, ...style, radius: 6 }) }).getLayers()[0];
      const centre = outline.getLatLng?.() ?? outline.getBounds().getCenter();
      const ring = { color: style.color, fillColor: "#fff", weight: 1.5 }; // a hatched dot would be a blot
      const disc = { color: "#fff", fillColor: style.color, weight: 0.8, stroke: inPlan(feature) };
      const dot = L.circleMarker(centre, { ...options, ...style, dashArray: null, fillOpacity: 1, ...(feature.properties.certainty === "preliminary" ? ring : disc) });
      const entry = { record: feature.properties, outline, dot, centre, size: inPlan(feature) ? 1 : 0.5 };
      for (const layer of [outline, dot]) layer.on("click", () => openPlot(entry));
      return entry;
    });
    const hidden = new Set();
    const dotRadius = () => Math.min(4.5, Math.max(2.2, 2.2 + 0.6 * (map.getZoom() - 10)));
    let large = null;
    group.refresh = (force) => {
      const now = map.getZoom() >= DOTS_BELOW_ZOOM;
      if (now === large && !force) {
        if (!large) for (const entry of entries) entry.dot.setRadius(dotRadius() * entry.size);
        return;
      }
      large = now;
      group.clearLayers();
      const radius = dotRadius();
      for (const entry of entries) {
        entry.dot.setRadius(radius * entry.size);
        if (!hidden.has(entry.record.area_kind)) group.addLayer(large ? entry.outline : entry.dot);
      }
    };
    group.toggle = (kind, show) => {
      if (show) hidden.delete(kind);
      else hidden.add(kind);
      group.refresh(true);
    };
    group.entries = entries;
    map.on("zoomend", () => group.refresh(false));
    group.refresh(true);
    return group;
  }

  /* Names of places, the largest first, as far as they do not lie on each other. */
  function labels(names, group) {
    const holder = L.layerGroup();
    const place = () => {
      holder.clearLayers();
      const taken = [];
      for (const { name, at, rank } of names) {
        const point = map.latLngToContainerPoint(at);
        const half = name.length * (rank === 0 ? 4.9 : rank === 1 ? 4.3 : 3.7) + 6;
        const box = [point.x - half, point.y - 10, point.x + half, point.y + 10];
        if (taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1])) continue;
        taken.push(box);
        const icon = L.divIcon({ className: `place rank-${rank}`, html: element("span", name), iconSize: null });
        holder.addLayer(L.marker(at, { icon, interactive: false, keyboard: false }));
      }
    };
    map.on("zoomend", () => map.hasLayer(group) && place());
    group.on("add", () => { place(); holder.addTo(map); });
    group.on("remove", () => holder.remove());
  }

  /* ---- popups ---- */

  function definition(pairs) {
    const list = element("dl", null);
    for (const [name, value] of pairs) {
      if (value !== null && value !== undefined && value !== "") list.append(element("dt", text(name) ?? name), element("dd", value));
    }
    return list;
  }

  function squareMetres(value) {
    return `${number(value)} m²`;
  }

  function reasonItem(reason) {
    const rule = page.rules[reason.rule] ?? { title: reason.rule };
    const item = element("li", element("strong", rule.title));
    const share = reason.share > 0 && reason.share < 0.005 ? "<1" : number(100 * reason.share);
    const facts = [coded("severity", reason.severity), reason.basis && coded("basis", reason.basis), reason.feature, reason.area_m2 > 0 && `${text(reason.blocks === false ? "concerns" : "takes")} ${squareMetres(reason.area_m2)} (${share} % ${text("of_parcel")})`];
    item.append(element("p", facts.filter(Boolean).join(" · ")));
    if (rule.basis) item.append(element("p", `${text("legal_basis")}: ${rule.basis}`));
    if (rule.exemption) item.append(element("p", `${text("exemption")}: ${rule.exemption}`));
    if (rule.change) item.append(element("p", `${text("change")}: ${rule.change}`));
    return item;
  }

  /* What is told of one field of the record; null where it is unknown or told with another field. */
  function told(record, { name, kind, unit }) {
    const value = record[name] ?? page.shared[name];
    const missing = value === null || value === undefined || value === "";
    const offered = record.offer_basis === "offer";
    const note = (other) => (record[other] ? ` (${coded(other, record[other])})` : "");
    if (name === "id" || name === "price_kind" || name === "homes_basis") return null;
    if (["sale_form", "offer_basis", "price_sek"].includes(name) && !offered) return null;
    if (name === "price_sek") return `${missing ? text("price_unknown") : `${number(value)} ${unit}`}${note("price_kind")}`;
    if (missing || (name === "parcel" && value === record.id)) return null;
    if (name === "area") return page.areas[value]?.name ?? value;
    if (name === "homes") return `${number(value)}${note("homes_basis")}`;
    if (name === "cost_currency") return null;
    if (name === "cost_low" || name === "cost_high") return [number(value), record.cost_currency && (text("values")[`unit.${record.cost_currency}`] ?? record.cost_currency)].filter(Boolean).join(" ");
    if (name === "likely") return number(value, 2);
    if (name === "width_m") return `${number(value)} m (${text("width_help")})`;
    if (name === "unknown") return value.length ? value.map((id) => page.rules[id]?.title ?? id).join(", ") : null;
    if (name === "right_basis") return value.length ? element("ul", value.map((entry) => element("li", rightText(entry))), { class: "entries" }) : null;
    if (kind === "list") return value.length ? value.join(", ") : null;
    if (typeof value === "number") return [number(value, unit === "m" ? 1 : 0), unit].filter(Boolean).join(" ");
    return coded(name, value);
  }

  /* One number of a plan: what it limits, of what it is a share, and the code that says so. */
  function rightText(entry) {
    const figure = `${number(entry.value, 2)} ${entry.unit === "1" ? "" : entry.unit}`.trim();
    const of = entry.of ? coded("right_of", entry.of) : coded("right_per", entry.per);
    return `${coded("right_quantity", entry.quantity)} ${figure} ${of} (${entry.code})`;
  }

  function plotContent(record) {
    const box = element("div", element("h3", record.id, { tabindex: "-1" }), { class: "record" });
    box.append(definition(page.fields.map((field) => [field.name, told(record, field)])));
    box.append(element("h4", text("reasons")));
    box.append(record.reasons.length ? element("ul", record.reasons.map(reasonItem), { class: "reasons" }) : element("p", text("no_reasons")));
    if (page.explain) box.append(element("p", element("a", text("explain"), { href: page.explain.parcel.replace("{parcel}", encodeURIComponent(record.parcel)) })));
    return box;
  }

  function openPopup(at, content) {
    const size = map.getSize();
    const popup = L.popup({ minWidth: Math.min(300, size.x - 80), maxWidth: Math.min(380, size.x - 80), maxHeight: Math.max(140, size.y - 90), autoPanPadding: [10, 10] });
    popup.setLatLng(at).setContent(content).openOn(map);
    const close = popup.getElement().querySelector(".leaflet-popup-close-button");
    close?.setAttribute("aria-label", text("close"));
    close?.setAttribute("title", text("close"));
    const scroller = popup.getElement().querySelector(".leaflet-popup-content");
    scroller.setAttribute("tabindex", "0");
    scroller.setAttribute("role", "group");
    scroller.setAttribute("aria-label", content.querySelector("h3").textContent);
    return popup;
  }

  function openPlot(entry) {
    openPopup(entry.centre, plotContent(entry.record));
  }

  function inside(at, geometry) {
    const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.type === "MultiPolygon" ? geometry.coordinates : [];
    return polygons.some((rings) => {
      let odd = false;
      for (const ring of rings) {
        for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
          const [x, y] = ring[i];
          const [u, v] = ring[j];
          if (y > at.lat !== v > at.lat && at.lng < ((u - x) * (at.lat - y)) / (v - y) + x) odd = !odd;
        }
      }
      return odd;
    });
  }

  function showPlace(at) {
    const box = element("div", element("h3", text("here"), { tabindex: "-1" }), { class: "record" });
    const list = element("ul", null, { class: "reasons" });
    for (const { setup, data, leaflet } of layers.values()) {
      if (!["areas", "constraint"].includes(setup.role) || !map.hasLayer(leaflet)) continue;
      for (const feature of data.features) {
        if (!inside(at, feature.geometry)) continue;
        if (setup.role === "areas") list.append(areaItem(feature.properties.id));
        else list.append(reasonItem({ rule: feature.properties.rule, severity: feature.properties.severity, basis: feature.properties.basis, area_m2: 0 }));
      }
    }
    if (list.children.length) box.append(list, element("p", text("as_drawn")));
    else box.append(element("p", text("nothing_here")));
    if (page.explain) {
      const address = page.explain.place.replace("{x}", at.lng.toFixed(6)).replace("{y}", at.lat.toFixed(6));
      box.append(element("p", element("a", text("explain_place"), { href: address })));
    }
    openPopup(at, box);
  }

  function areaItem(id) {
    const area = page.areas[id];
    const figures = area?.[year];
    const item = element("li", element("strong", area?.name ?? id));
    if (figures) {
      item.append(definition([["year", String(year)], ["need", figures.need], ["supply", figures.supply], ["balance", figures.balance]]));
    }
    return item;
  }

  /* ---- panel ---- */

  function showYear(chosen) {
    year = chosen;
    for (const table of document.querySelectorAll("table.balance")) table.hidden = table.dataset.year !== String(year);
    const areas = layers.get("areas");
    areas?.leaflet.setStyle((feature) => pathOptions(styleOf(areas.setup, feature.properties)));
  }

  function showArea(id) {
    const areas = layers.get("areas");
    areas?.leaflet.eachLayer((layer) => {
      if (layer.feature.properties.id === id) map.fitBounds(layer.getBounds(), { padding: [20, 20] });
    });
  }

  function listPlots() {
    const entries = layers.get("plots").leaflet.entries;
    const field = (id) => document.getElementById(id)?.value.trim() ?? "";
    const [words, kind, status, area, size] = [field("find-text").toLowerCase(), field("find-kind"), field("find-status"), field("find-area"), Number(field("find-size")) || 0];
    const hits = entries.filter(({ record }) =>
      (!words || record.id.toLowerCase().includes(words)) && (!kind || record.area_kind === kind) && (!status || record.status === status) && (!area || record.area === area) && record.area_m2 >= size);
    const shown = hits.slice(0, RESULTS);
    const more = hits.length > shown.length ? `; ${fill("first_shown", { n: shown.length })}` : "";
    document.getElementById("found").textContent = fill("found", { n: number(hits.length), total: number(entries.length) }) + more;
    document.getElementById("results").replaceChildren(...shown.map((entry) => {
      const { record } = entry;
      const facts = [squareMetres(record.area_m2), coded("area_kind", record.area_kind), coded("status", record.status)].join(" · ");
      const button = element("button", [element("span", record.id, { class: "name" }), element("span", facts, { class: "facts" })], { type: "button" });
      button.addEventListener("click", () => {
        map.setView(entry.centre, Math.max(map.getZoom(), DOTS_BELOW_ZOOM + 2), { animate: false });
        openPlot(entry);
        opener = button;
        document.querySelector(".leaflet-popup h3").focus();
        if (window.matchMedia("(max-width: 60rem)").matches) map.getContainer().scrollIntoView();
      });
      return element("li", button);
    }));
  }

  function start() {
    for (const canvas of document.querySelectorAll("canvas.swatch")) drawSwatch(canvas);
    for (const step of document.querySelectorAll(".ramp i")) step.style.background = step.dataset.colour;
    for (const cell of document.querySelectorAll("td.swatched")) cell.style.setProperty("--swatch", cell.dataset.colour);
    document.getElementById("year")?.addEventListener("change", (event) => showYear(Number(event.target.value)));
    if (year !== null) showYear(year);
    for (const button of document.querySelectorAll("button[data-area]")) button.addEventListener("click", () => showArea(button.dataset.area));
    for (const box of document.querySelectorAll("input[data-layer]")) {
      box.addEventListener("change", () => {
        const { leaflet } = layers.get(box.dataset.layer);
        if (box.dataset.kind) leaflet.toggle(box.dataset.kind, box.checked);
        else if (box.checked) leaflet.addTo(map);
        else leaflet.remove();
      });
    }
    const form = document.getElementById("find");
    if (form) {
      form.addEventListener("submit", (event) => event.preventDefault());
      form.addEventListener("input", listPlots);
      listPlots();
    }
    document.documentElement.dataset.ready = "yes";
  }

  const view = (lat, lng, zoom) => void map.setView([lat, lng], zoom, { animate: false });

  return { map: makeMap, layer: addLayer, start, view };
})();
