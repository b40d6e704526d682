"""The style of a report's page: light and dark by the reader's choice, narrow and wide, on paper. Values only."""

STYLE = """
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b2430;--soft:#5b6675;--rule:#dfe3e9;--code:#f0f2f5;--good:#1a7f4b;--bad:#c02b2b;--warn:#9a6200;
--back:#7a3fb8;--accent:#1f5fbf;--owed:#9a6200;--unknown:#a0407a;--prepare:#8da2bd;--traffic:#3f9c9c;--switch:#2f6fd0;--restart:#e08a2e;--gate:#46a35e;
--watch:#b9c9a8;--data:#8a5cc2;--close:#b4bac4}
@media (prefers-color-scheme:dark){:root{--bg:#12161c;--card:#1a2029;--ink:#e4e9f0;--soft:#9aa6b6;--rule:#2e3743;--code:#232b36;--good:#5fd08f;--bad:#ff7b72;
--warn:#e3b341;--back:#c79bf2;--accent:#79b0ff;--owed:#e3b341;--unknown:#ea9bc8;--prepare:#6d83a0;--traffic:#4fb3b3;--switch:#5b95f0;--restart:#e59a4a;
--gate:#57b96f;--watch:#74845f;--data:#a583d8;--close:#6c7583}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:anywhere}
header,main,footer{max-width:68rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:1.75rem}
.place{margin:0;color:var(--soft);font-size:.9rem}
.place span{margin:0 .25rem}
h1{font-size:1.7rem;line-height:1.25;margin:.15rem 0 .75rem;display:flex;flex-wrap:wrap;gap:.4rem .75rem;align-items:center}
h2{font-size:1.05rem;margin:0 0 .6rem}
h3{font-size:.95rem;margin:0 0 .2rem}
.outcome{font-size:.95rem;font-weight:650;border:1.5px solid;border-radius:99px;padding:.1rem .75rem}
nav{display:flex;flex-wrap:wrap;gap:.15rem .95rem;font-size:.85rem;margin-bottom:1rem}
nav a{color:var(--accent);text-decoration:none}
nav a:hover{text-decoration:underline}
section,details{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:1rem 1.15rem;margin:0 0 .9rem}
details summary{cursor:pointer}
details summary h2{display:inline;margin:0}
details[open] summary{margin-bottom:.75rem}
#summary>p:first-child{font-size:1.08rem;margin:0 0 .8rem;color:inherit}
p{margin:.5rem 0}
bdi{unicode-bidi:isolate}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:0}
.facts div{display:contents}
dt{color:var(--soft)}
dd{margin:0}
code,pre,time,.at{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.86em}
pre{background:var(--code);border-radius:6px;padding:.6rem .75rem;margin:.4rem 0;overflow-x:auto;white-space:pre;line-height:1.45;max-height:26rem}
ul{margin:.3rem 0;padding-left:1.15rem}
li{margin:.2rem 0}
.more{color:var(--soft)}
figure{margin:.8rem 0 .4rem}
figcaption{color:var(--soft);font-size:.87rem;margin-bottom:.3rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th{text-align:left;color:var(--soft);font-weight:550;border-bottom:1px solid var(--rule);padding:.25rem .9rem .25rem 0;white-space:nowrap}
td{border-bottom:1px solid var(--rule);padding:.3rem .9rem .3rem 0;vertical-align:top;overflow-wrap:break-word}
tr:last-child td{border-bottom:0}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.moments{list-style:none;margin:0;padding:0}
.moments li{display:grid;grid-template-columns:4.7rem 4.2rem 1fr;gap:.5rem;padding:.12rem 0;margin:0}
.moments time,.at{color:var(--soft);line-height:1.8}
.at{text-align:right;padding-right:.5rem}
.chapter{font-weight:620}
.prompt{border-left:3px solid var(--rule);padding:.1rem 0 2.6rem .9rem;margin:.7rem 0}
.prompt p{color:var(--soft);margin:0}
.t-good{color:var(--good)}.t-bad{color:var(--bad)}.t-warn{color:var(--warn)}.t-back{color:var(--back)}.t-accent{color:var(--accent)}
.t-owed{color:var(--owed)}.t-unknown{color:var(--unknown)}.t-dim{color:var(--soft)}
tr[class] td{color:var(--ink)}
tr.t-dim td{color:var(--soft)}
tr[class] td:first-child{color:inherit;font-weight:600}
li[class^=t-] bdi{color:var(--ink)}
.moments li[class] bdi{color:inherit}
.plot svg{display:block;min-width:680px;max-width:100%;height:auto;font:12px system-ui,sans-serif;fill:var(--ink)}
.tick,.state{fill:var(--soft)}.tick{font-size:11px}
.grid{stroke:var(--rule)}.mark{stroke:var(--back);stroke-width:1.5;stroke-dasharray:4 3}.marked{fill:var(--back);font-size:11px;font-weight:600}
.pause{fill:var(--warn);opacity:.16}.hatch{fill:var(--card);opacity:.55}.over{fill:url(#back)}
.bad{stroke:var(--bad);stroke-width:2}
.c-prepare{fill:var(--prepare)}.c-traffic{fill:var(--traffic)}.c-switch{fill:var(--switch)}.c-restart{fill:var(--restart)}.c-gate{fill:var(--gate)}
.c-watch{fill:var(--watch)}.c-data{fill:var(--data)}.c-close{fill:var(--close)}.c-time{fill:var(--switch)}.c-late{fill:var(--restart)}
.s-new{fill:var(--good)}.s-failed{fill:var(--bad)}.s-owed{fill:var(--owed)}.s-unreachable,.s-unknown{fill:var(--unknown)}
.reach{stroke:var(--soft);stroke-width:2}.usual{stroke:var(--ink);stroke-width:2.5}
polyline{fill:none}line.new,polyline.new{stroke:var(--accent);stroke-width:2}line.old,polyline.old{stroke:var(--soft);stroke-width:1.6;stroke-dasharray:5 3}
circle.new{fill:var(--accent)}circle.old{fill:var(--soft)}
footer{color:var(--soft);font-size:.82rem;padding-bottom:2rem}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
@media (max-width:40rem){header,main,footer{padding-left:.75rem;padding-right:.75rem}section,details{padding:.8rem .85rem}h1{font-size:1.35rem}
.facts{grid-template-columns:1fr;gap:0}dd{margin-bottom:.4rem}
thead{display:none}table,tbody,tr,td{display:block}tr{border-bottom:1px solid var(--rule);padding:.35rem 0}tr:last-child{border-bottom:0}
td,td.n{border:0;padding:.06rem 0;text-align:left;white-space:normal;display:grid;grid-template-columns:6.2rem 1fr;gap:.6rem}
td::before{content:attr(data-column);color:var(--soft);font-weight:400;font-size:.92em}td:has(bdi:empty){display:none}
.moments li{grid-template-columns:4.5rem 1fr}.at{display:none}}
@media print{:root{--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--rule:#bbb;--code:#f4f4f4}body{font-size:11px}nav{display:none}
section,details{border:0;border-top:1px solid var(--rule);border-radius:0;padding:.6rem 0;break-inside:auto}tr,figure,.prompt{break-inside:avoid}
.scroll,pre{overflow:visible}pre{white-space:pre-wrap;max-height:none}.plot svg{min-width:0}header,main,footer{max-width:none}}
"""
"""Inline style sheet; it names no resource."""
