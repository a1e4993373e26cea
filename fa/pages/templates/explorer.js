const byId = (id) => document.getElementById(id);
const [experiment, setting, measure] = ["experiment", "setting", "measure"].map(byId);
const chart = byId("chart");
let view;

async function unpacked(id) {
  const bytes = Uint8Array.from(atob(byId(id).textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

function offer(select, entries) {
  select.replaceChildren(...entries.map(([value, text]) => new Option(text, value)));
}

function offerSettings() {
  offer(setting, Object.keys(menu[experiment.value].settings).map((name) => [name, name]));
}

function width() {
  return Math.max(200, chart.parentElement.clientWidth - 70);
}

function choice() {
  const modes = menu[experiment.value].settings[setting.value];
  byId("count").textContent = Object.entries(modes)
    .map(([mode, n]) => `${mode} n = ${n}`)
    .join(" · ");
  return {
    experiment: experiment.value,
    setting: setting.value,
    listed: Object.keys(modes),
    columns: Math.max(1, Math.floor(width() / 170)),
  };
}

function draw() {
  for (const [name, value] of Object.entries(choice())) view.signal(name, value);
  view.width(width()).run();
}

async function embed() {
  const { params, vconcat, ...rest } = charts[measure.value];
  const chosen = choice();
  const spec = {
    ...rest,
    datasets: { series: series[measure.value] },
    params: params.map((p) => (p.name in chosen ? { ...p, value: chosen[p.name] } : p)),
    vconcat: vconcat.map((part) => ({ ...part, width: width() })),
  };
  view?.finalize();
  ({ view } = await vegaEmbed(chart, spec, { actions: false, renderer: "svg", logLevel: 1 }));
  // Vega gives the marks of a selection a role, but no name to read out.
  for (const mark of chart.querySelectorAll("[role=graphics-symbol]:not([aria-label])")) {
    mark.setAttribute("aria-hidden", "true");
  }
}

const { menu, series, charts } = JSON.parse(await unpacked("content"));
const vega = document.createElement("script");
vega.textContent = await unpacked("vega");
document.head.append(vega);

offer(experiment, Object.entries(menu).map(([name, { title }]) => [name, title]));
offerSettings();
experiment.onchange = () => {
  offerSettings();
  draw();
};
setting.onchange = draw;
measure.onchange = embed;
await embed();
addEventListener("resize", draw);
