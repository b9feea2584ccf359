'use strict';
// Draws the charts of `aatgs html`. The data are in the element #data; every text from the trace
// is put in as text, never as markup.
(function () {
  const data = JSON.parse(document.getElementById('data').textContent);
  const tip = document.getElementById('tip');

  // ---- Numbers as people read them

  function three(value) {
    const size = Math.abs(value);
    return value.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
  }
  function ns(value) {
    if (value < 1e3) return Math.round(value) + ' ns';
    if (value < 999.5e3) return three(value / 1e3) + ' us';
    if (value < 999.5e6) return three(value / 1e6) + ' ms';
    return three(value / 1e9) + ' s';
  }
  // For axes: as few digits as tell the ticks apart.
  function axisNs(domain) {
    const span = Math.max(Math.abs(domain[1] - domain[0]), 1);
    const unit = span < 2e3 ? [1, 'ns'] : span < 2e6 ? [1e3, 'us'] : span < 2e9 ? [1e6, 'ms'] : [1e9, 's'];
    return v => d3.format(',~r')(+(v / unit[0]).toPrecision(12)) + ' ' + unit[1];
  }
  const count = d3.format(',');
  function number(value) {
    return Number.isInteger(value) ? count(value) : d3.format('.4~g')(value);
  }

  // ---- The hint beside the pointer

  function hint(selection, text) {
    selection
      .on('mousemove', function (d, i) {
        tip.textContent = text(d, i);
        tip.style.visibility = 'visible';
        const box = tip.getBoundingClientRect();
        const x = Math.min(d3.event.clientX + 14, window.innerWidth - box.width - 6);
        const y = d3.event.clientY + 18 + box.height > window.innerHeight
          ? d3.event.clientY - box.height - 10 : d3.event.clientY + 18;
        tip.style.left = x + 'px';
        tip.style.top = y + 'px';
      })
      .on('mouseleave', () => { tip.style.visibility = 'hidden'; });
  }

  // ---- A frame with axes

  function frame(id, width, height, margin, label) {
    const svg = d3.select(id).append('svg')
      .attr('viewBox', `0 0 ${width} ${height}`).attr('role', 'img').attr('aria-label', label);
    return {
      svg, width, height, left: margin.left, right: width - margin.right,
      top: margin.top, bottom: height - margin.bottom
    };
  }
  function bottomAxis(f, x, format, ticks) {
    return f.svg.append('g').attr('transform', `translate(0,${f.bottom})`)
      .call(d3.axisBottom(x).ticks(ticks || 8).tickFormat(format).tickSizeOuter(0));
  }
  function leftAxis(f, y, format, ticks) {
    f.svg.append('g').attr('class', 'grid').attr('transform', `translate(${f.left},0)`)
      .call(d3.axisLeft(y).ticks(ticks || 5).tickFormat('').tickSize(f.left - f.right));
    f.svg.append('g').attr('transform', `translate(${f.left},0)`)
      .call(d3.axisLeft(y).ticks(ticks || 5).tickFormat(format).tickSizeOuter(0));
  }
  const bucketNs = data.span / data.buckets;
  const middle = i => (i + 0.5) * bucketNs;
  function bucketText(i) {
    return `from ${ns(i * bucketNs)} to ${ns((i + 1) * bucketNs)}`;
  }
  // A strip for each bucket of time that shows what is there.
  function hoverBuckets(f, x, text) {
    const step = (f.right - f.left) / data.buckets;
    hint(f.svg.append('g').selectAll('rect').data(d3.range(data.buckets)).enter().append('rect')
      .attr('x', i => x(i * bucketNs)).attr('y', f.top).attr('width', step)
      .attr('height', f.bottom - f.top).attr('fill', 'transparent'), text);
  }

  // ---- Latency

  function histogram() {
    const f = frame('#histogram', 1150, 240, {left: 62, right: 12, top: 10, bottom: 28},
      'histogram of round trips');
    const h = data.histogram;
    if (!h.length) return;
    const x = d3.scaleLog().domain([h[0].from, h[h.length - 1].to]).range([f.left, f.right]);
    const y = d3.scaleLinear().domain([0, d3.max(h, d => d.count)]).nice().range([f.bottom, f.top]);
    leftAxis(f, y, count);
    const bars = f.svg.append('g').selectAll('rect').data(h).enter().append('rect')
      .attr('class', 'bar').attr('x', d => x(d.from))
      .attr('width', d => Math.max(0.5, x(d.to) - x(d.from) - 0.5))
      .attr('y', d => Math.min(y(d.count), f.bottom - (d.count ? 1 : 0)))
      .attr('height', d => f.bottom - Math.min(y(d.count), f.bottom - (d.count ? 1 : 0)));
    hint(bars, d => `${ns(d.from)} to ${ns(d.to)}\n${count(d.count)} iterations`);
    let last = -Infinity;
    const ticks = x.ticks().filter(t => {
      if (x(t) - last < 58) return false;
      last = x(t);
      return true;
    });
    f.svg.append('g').attr('transform', `translate(0,${f.bottom})`)
      .call(d3.axisBottom(x).tickValues(ticks).tickFormat(ns).tickSizeOuter(0));
  }

  function latency() {
    const f = frame('#latency', 1150, 260, {left: 62, right: 12, top: 10, bottom: 28},
      'round trip over the run');
    const there = d3.range(data.buckets).filter(i => data.p50[i] > 0);
    if (!there.length) return;
    const all = d3.merge(there.map(i => [data.p50[i], data.max[i]]));
    const x = d3.scaleLinear().domain([0, data.span]).range([f.left, f.right]);
    const y = d3.scaleLog().domain([d3.min(all), d3.max(all)]).nice().range([f.bottom, f.top]);
    leftAxisLog(f, y);
    bottomAxis(f, x, axisNs([0, data.span]));
    for (const [key, style] of [['max', 's3'], ['p99', 's1'], ['p50', 's0']])
      f.svg.append('path').attr('class', 'plot-line ' + style)
        .attr('d', d3.line().x(i => x(middle(i))).y(i => y(data[key][i]))(there));
    hoverBuckets(f, x, i => `${bucketText(i)}\n` + (data.count[i]
      ? `${count(data.count[i])} iterations from ${count(data.first[i])}\np50 ${ns(data.p50[i])}, ` +
        `p99 ${ns(data.p99[i])}, max ${ns(data.max[i])}` : 'no iterations'));
  }
  function leftAxisLog(f, y) {
    let last = Infinity;
    const ticks = y.ticks().filter(t => {
      if (last - y(t) < 22) return false;
      last = y(t);
      return true;
    });
    f.svg.append('g').attr('class', 'grid').attr('transform', `translate(${f.left},0)`)
      .call(d3.axisLeft(y).tickValues(ticks).tickFormat('').tickSize(f.left - f.right));
    f.svg.append('g').attr('transform', `translate(${f.left},0)`)
      .call(d3.axisLeft(y).tickValues(ticks).tickFormat(ns).tickSizeOuter(0));
  }

  function rate() {
    const f = frame('#rate', 1150, 150, {left: 62, right: 12, top: 10, bottom: 28},
      'iterations a second over the run');
    const values = data.count.map(c => c / (bucketNs / 1e9));
    const x = d3.scaleLinear().domain([0, data.span]).range([f.left, f.right]);
    const y = d3.scaleLinear().domain([0, d3.max(values) || 1]).nice().range([f.bottom, f.top]);
    leftAxis(f, y, d3.format('~s'), 4);
    bottomAxis(f, x, axisNs([0, data.span]));
    f.svg.append('path').attr('class', 'plot-area f0')
      .attr('d', d3.area().x((v, i) => x(middle(i))).y0(f.bottom).y1(v => y(v))(values));
    f.svg.append('path').attr('class', 'plot-line s0')
      .attr('d', d3.line().x((v, i) => x(middle(i))).y(v => y(v))(values));
    hoverBuckets(f, x, i => `${bucketText(i)}\n${count(Math.round(values[i]))} iterations a second`);
  }

  // ---- Workers

  function heat() {
    const rows = data.busy.length;
    const row = Math.max(4, Math.min(18, 480 / Math.max(rows, 1)));
    const f = frame('#heat', 1150, rows * row + 40, {left: 62, right: 12, top: 6, bottom: 28},
      'how busy the workers were over the run');
    const x = d3.scaleLinear().domain([0, data.span]).range([f.left, f.right]);
    const step = (f.right - f.left) / data.buckets;
    data.busy.forEach((shares, w) => {
      f.svg.append('rect').attr('x', f.left).attr('width', f.right - f.left)
        .attr('y', f.top + w * row).attr('height', row - 1).attr('class', 'heat').attr('opacity', 0.06);
      hint(f.svg.append('g').selectAll('rect')
        .data(shares.map((share, i) => [i, share]).filter(d => d[1] > 0)).enter().append('rect')
        .attr('class', 'heat').attr('x', d => x(d[0] * bucketNs)).attr('width', step + 0.2)
        .attr('y', f.top + w * row).attr('height', row - 1)
        .attr('opacity', d => 0.1 + 0.9 * Math.min(1, d[1] / 1000)),
        d => `worker ${w}\n${bucketText(d[0])}\n${three(d[1] / 10)} % busy`);
      if (row >= 9 || w % Math.ceil(10 / row) === 0)
        f.svg.append('text').attr('x', f.left - 6).attr('y', f.top + w * row + row / 2 + 3)
          .attr('text-anchor', 'end').text(row >= 9 ? 'worker ' + w : w);
    });
    bottomAxis(f, x, axisNs([0, data.span]));
  }

  // The chart of one window: parts on their workers, to be moved and zoomed.
  const chart = (function () {
    const width = 1150, left = 70, right = width - 12, top = 8;
    const zoom = d3.zoom().scaleExtent([1, 1e6]).on('zoom', draw);
    let svg, x, now, window, rows, row, bottom;

    function show(index) {
      window = data.windows[index];
      const workers = Array.from(new Set(window.parts.map(p => p[0]))).sort((a, b) => a - b);
      rows = new Map(workers.map((w, i) => [w, i]));
      row = Math.max(6, Math.min(26, 420 / Math.max(workers.length, 1)));
      bottom = top + Math.max(1, workers.length) * row + 4;
      d3.select('#chart').selectAll('*').remove();
      svg = d3.select('#chart').append('svg').attr('class', 'zoomable')
        .attr('viewBox', `0 0 ${width} ${bottom + 28}`).attr('role', 'img')
        .attr('aria-label', 'what each worker ran');
      svg.append('clipPath').attr('id', 'clip').append('rect').attr('x', left).attr('y', 0)
        .attr('width', right - left).attr('height', bottom);
      svg.append('rect').attr('x', left).attr('y', 0).attr('width', right - left)
        .attr('height', bottom).attr('fill', 'transparent');
      workers.forEach((w, i) => {
        if (row >= 9 || i % Math.ceil(10 / row) === 0)
          svg.append('text').attr('x', left - 6).attr('y', top + i * row + row / 2 + 3)
            .attr('text-anchor', 'end').text('worker ' + w);
      });
      svg.append('g').attr('class', 'marks').attr('clip-path', 'url(#clip)');
      svg.append('g').attr('class', 'parts').attr('clip-path', 'url(#clip)');
      svg.append('g').attr('class', 'axis').attr('transform', `translate(0,${bottom})`);
      x = d3.scaleLinear().domain([0, window.span]).range([left, right]);
      now = x;
      zoom.extent([[left, 0], [right, bottom]]).translateExtent([[left, 0], [right, bottom]]);
      svg.call(zoom).on('dblclick.zoom', null);
      svg.call(zoom.transform, d3.zoomIdentity);
      if (window.iteration) focus(window.iteration);
    }

    // What is in sight, and of what is too narrow to be seen one part a pixel.
    function visible() {
      const [from, to] = now.domain();
      const last = new Map(), out = [];
      for (const p of window.parts) {
        if (p[2] > to || p[2] + p[3] < from) continue;
        const pixel = Math.floor(now(p[2]) * 2);
        if (now(p[2] + p[3]) - now(p[2]) < 0.5 && last.get(p[0]) === pixel) continue;
        last.set(p[0], pixel);
        out.push(p);
      }
      return out;
    }

    function draw() {
      now = d3.event ? d3.event.transform.rescaleX(x) : x;
      const parts = svg.select('.parts').selectAll('rect').data(visible());
      parts.exit().remove();
      hint(parts.enter().append('rect').merge(parts)
        .attr('class', p => 'part f' + data.tasks[p[1]].type % 10)
        .attr('x', p => now(p[2])).attr('width', p => Math.max(0.5, now(p[2] + p[3]) - now(p[2])))
        .attr('y', p => top + rows.get(p[0]) * row).attr('height', row - 2),
        p => `${data.tasks[p[1]].name}, part ${p[5]}\n${data.types[data.tasks[p[1]].type] || ''}\n` +
          `iteration ${count(p[4])}\n${ns(p[3])} from ${ns(p[2])}`);
      const slow = window.iterations.filter(i => i[0] === window.iteration);
      const marks = svg.select('.marks');
      marks.selectAll('*').remove();
      for (const i of slow)
        marks.append('rect').attr('class', 'iteration-mark').attr('y', 0).attr('height', bottom)
          .attr('x', now(i[1])).attr('width', Math.max(1, now(i[2]) - now(i[1])));
      svg.select('.axis').call(d3.axisBottom(now).ticks(8).tickFormat(axisNs(now.domain())).tickSizeOuter(0));
      d3.select('#chart-text').text(`${ns(now.domain()[1] - now.domain()[0])} in sight, ` +
        `${count(parts.enter().size() + parts.size())} parts drawn`);
    }

    function focus(iteration) {
      const i = window.iterations.find(it => it[0] === iteration);
      if (!i) return;
      const pad = (i[2] - i[1]) * 0.2 + 1, from = Math.max(0, i[1] - pad);
      const to = Math.min(window.span, i[2] + pad);
      const k = (right - left) / (x(to) - x(from));
      svg.call(zoom.transform, d3.zoomIdentity.translate(left - k * x(from), 0).scale(k));
    }

    return {
      show,
      by: factor => svg.transition().duration(150).call(zoom.scaleBy, factor),
      all: () => svg.transition().duration(150).call(zoom.transform, d3.zoomIdentity)
    };
  })();

  function windows() {
    const select = d3.select('#window');
    select.selectAll('option').data(data.windows).enter().append('option')
      .attr('value', (w, i) => i).text(w => w.title);
    if (!data.windows.length) return;
    select.on('change', function () { chart.show(+this.value); });
    d3.select('#zoom-in').on('click', () => chart.by(2));
    d3.select('#zoom-out').on('click', () => chart.by(0.5));
    d3.select('#zoom-all').on('click', () => chart.all());
    d3.selectAll('a[data-window]').on('click', function () {
      select.property('value', this.dataset.window);
      chart.show(+this.dataset.window);
    });
    const asked = document.querySelector(`a[href="${CSS.escape(location.hash)}"][data-window]`);
    select.property('value', asked ? asked.dataset.window : 0);
    chart.show(asked ? +asked.dataset.window : 0);
    const used = Array.from(new Set(data.tasks.map(t => t.type))).sort((a, b) => a - b);
    const legend = d3.select('#legend').selectAll('span').data(used).enter().append('span');
    legend.append('span').attr('class', t => 'swatch b' + t % 10);
    legend.append('span').text(t => data.types[t] || 'unknown');
  }

  // ---- Telemetry

  function fields() {
    for (const field of data.fields) {
      const figure = d3.select('#fields').append('figure');
      figure.append('h3').text(field.name + (field.unit ? ', ' + field.unit : ''));
      const f = frame(figure.node(), 380, 130, {left: 52, right: 8, top: 6, bottom: 24}, field.name);
      const seen = field.min.concat(field.max).filter(v => v !== null);
      if (!seen.length) continue;
      let [low, high] = d3.extent(seen);
      if (low === high) { low -= 1; high += 1; }
      const x = d3.scaleLinear().domain([0, data.span]).range([f.left, f.right]);
      const y = d3.scaleLinear().domain([low, high]).nice().range([f.bottom, f.top]);
      leftAxis(f, y, v => Math.abs(v) < 1e4 ? number(v) : d3.format('~s')(v), 4);
      bottomAxis(f, x, axisNs([0, data.span]), 4);
      const there = d3.range(data.buckets).filter(i => field.min[i] !== null);
      f.svg.append('path').attr('class', 'plot-area f0').attr('d', d3.area()
        .x(i => x(middle(i))).y0(i => y(field.min[i])).y1(i => y(field.max[i]))(there));
      f.svg.append('path').attr('class', 'plot-line s0').attr('d', d3.line()
        .x(i => x(middle(i))).y(i => y(field.mean[i]))(there));
      hoverBuckets(f, x, i => `${bucketText(i)}\n` + (field.min[i] === null ? 'no iterations'
        : `mean ${number(field.mean[i])}, ${number(field.min[i])} to ${number(field.max[i])}`));
    }
  }

  histogram();
  latency();
  rate();
  heat();
  windows();
  fields();
  document.documentElement.dataset.ready = 'yes';
})();
