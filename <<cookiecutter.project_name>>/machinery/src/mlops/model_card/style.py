"""The style sheet of the page: readable on paper, on a phone, and in dark mode, without files from elsewhere."""

CSS = """
:root{--ink:#1f2328;--quiet:#59636e;--line:#d8dee4;--ground:#fff;--raised:#f6f8fa;--accent:#2166ac;
--good:#1a7f37;--bad:#c0392b;--open:#9a6700;--good-tint:#e6f4ea;--bad-tint:#fdecea;--open-tint:#fff6dc}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--quiet:#9198a1;--line:#30363d;--ground:#0d1117;--raised:#161b22;
--accent:#79b8ff;--good:#57c46c;--bad:#ff8a80;--open:#e3b341;--good-tint:#12261a;--bad-tint:#33171a;--open-tint:#2b2411}}
*{box-sizing:border-box}
body{font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;color:var(--ink);background:var(--ground);
max-width:62rem;margin:0 auto;padding:2rem 1.25rem 4rem;overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.25;margin:0}h2{font-size:1.15rem;margin:2.5rem 0 .75rem}
h1+section h2,.lead+section h2{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
p{margin:.75rem 0}.lead{color:var(--quiet);margin:.25rem 0 1.25rem}
ul{margin:.5rem 0;padding-left:1.25rem}li{margin:.3rem 0}
.banner{border-left:6px solid;border-radius:8px;padding:1rem 1.25rem;margin:1.25rem 0}
.banner strong{font-size:1.35rem;line-height:1.3}.banner ul{list-style:none;padding:0;color:var(--ink)}
.banner.good{color:var(--good);background:var(--good-tint)}.banner.bad{color:var(--bad);background:var(--bad-tint)}
.banner.open{color:var(--open);background:var(--open-tint)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.75rem;margin:1.25rem 0}
.figures div{border:1px solid var(--line);border-radius:8px;padding:.75rem 1rem}
.figures span,.figures small{display:block;color:var(--quiet);font-size:.85rem}
.figures b{font-size:1.5rem;font-weight:600;font-variant-numeric:tabular-nums}
dl{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.35rem 1.25rem;margin:1rem 0}
dt{color:var(--quiet)}dd{margin:0}
.table{overflow-x:auto;margin:.75rem 0}table{border-collapse:collapse;width:100%;font-size:.9rem;overflow-wrap:normal}
th,td{border-bottom:1px solid var(--line);padding:.45rem .75rem;text-align:left;vertical-align:top}
th{color:var(--quiet);font-weight:600;white-space:nowrap}td{min-width:4.5rem}.number{font-variant-numeric:tabular-nums}
td:last-child{overflow-wrap:anywhere}
.chip{border-radius:1rem;padding:.1rem .6rem;font-size:.85rem;font-weight:600;white-space:nowrap}
.chip.good{color:var(--good);background:var(--good-tint)}.chip.bad{color:var(--bad);background:var(--bad-tint)}
.chip.open{color:var(--open);background:var(--open-tint)}
.bar{white-space:nowrap;font-variant-numeric:tabular-nums}
.bar i{display:inline-block;width:7rem;height:.55rem;border-radius:.3rem;background:var(--raised);margin-right:.75rem;
overflow:hidden;border:1px solid var(--line)}
.bar b{display:block;height:100%;background:var(--accent)}.bar b.open{background:var(--open)}
details{border:1px solid var(--line);border-radius:8px;padding:.6rem 1rem;margin:1rem 0}
summary{cursor:pointer;font-weight:600}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr));gap:1rem;margin:1rem 0;
align-items:start}
.plots img{width:100%;height:auto;background:#fff;border:1px solid var(--line);border-radius:8px}
a{color:var(--accent)}
@media(max-width:40rem){body{padding:1rem .9rem 3rem;font-size:15px}
dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.6rem}}
@media print{body{max-width:none;padding:0}section,img{break-inside:avoid}}
"""
