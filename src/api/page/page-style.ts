/** The page's one style sheet, inline: no request leaves for it. Colours are the product's neutrals and tones. */
export const pageStyle = `
:root{color-scheme:light dark;--bg:#FFFFFF;--surface:#F6F7F9;--fg:#1A1D21;--muted:#565C64;--hairline:#D5D9DE;
--accent:#2628BA;--focus:#0B5FFF;--neutral:#808286;--info:#0E6884;--active:#2628BA;--violet:#9A68EB;
--magenta:#860153;--success:#379767;--warning:#A58015;--danger:#B60C00;--tint:10%}
@media (prefers-color-scheme:dark){:root{--bg:#0D1117;--surface:#161B22;--fg:#E8ECF1;--muted:#A3ABB5;
--hairline:#2B323B;--accent:#8FA8FF;--focus:#7DB1FF;--neutral:#9DA1A7;--info:#5BC5ED;--active:#638EFE;
--violet:#8464AD;--magenta:#D35E7F;--success:#ACF7BD;--warning:#DDB556;--danger:#EC2F14;--tint:14%}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:13px/20px system-ui,sans-serif}
header,main,footer{max-width:1100px;margin:0 auto;padding:16px 24px}
header{display:flex;gap:16px;align-items:baseline;flex-wrap:wrap;border-bottom:1px solid var(--hairline)}
footer{color:var(--muted)}
h1{font-size:20px;line-height:28px;font-weight:600;margin:0}
h2{font-size:16px;line-height:24px;font-weight:600;margin:24px 0 8px}
a{color:var(--accent)}
a:focus-visible,button:focus-visible,.scroll:focus-visible{outline:2px solid var(--focus);outline-offset:2px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13px}
th,td{text-align:left;padding:5px 12px 5px 0;border-bottom:1px solid var(--hairline);vertical-align:top}
th{color:var(--muted);font-weight:500}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}
code,.id{font-family:ui-monospace,monospace;font-size:12px;overflow-wrap:anywhere}
dl{display:flex;gap:8px 32px;flex-wrap:wrap;margin:8px 0}
dt{color:var(--muted);font-size:12px}
dd{margin:0;font-size:16px;line-height:24px;font-variant-numeric:tabular-nums}
.badge{display:inline-block;padding:0 6px;border-radius:4px;font-size:12px;font-weight:500;white-space:nowrap;
border-left:3px solid var(--tone);background:color-mix(in srgb,var(--tone) var(--tint),transparent)}
.neutral{--tone:var(--neutral)}.info{--tone:var(--info)}.active{--tone:var(--active)}.violet{--tone:var(--violet)}
.magenta{--tone:var(--magenta)}.success{--tone:var(--success)}.warning{--tone:var(--warning)}.danger{--tone:var(--danger)}
.empty{color:var(--muted)}
button{font:inherit;color:inherit;background:var(--surface);border:1px solid var(--neutral);border-radius:4px;padding:2px 10px}
`;

/** Fetches the page again every two seconds and replaces its main part when that changed; a button pauses it. */
export const pageScript = `
const main=document.querySelector('main'),status=document.querySelector('[data-live]');
const button=document.createElement('button');let isPaused=false;
const say=()=>{button.textContent=isPaused?'Resume updates':'Pause updates'};
button.type='button';button.addEventListener('click',()=>{isPaused=!isPaused;say()});say();status.append(button);
setInterval(async()=>{
if(isPaused||document.hidden||main.contains(document.activeElement))return;
try{const answer=await fetch(location.href,{cache:'no-store'});if(!answer.ok)return;
const next=new DOMParser().parseFromString(await answer.text(),'text/html');
const fresh=next.querySelector('main');
if(fresh&&fresh.innerHTML!==main.innerHTML)main.replaceChildren(...fresh.childNodes);
document.title=next.title}catch{}
},2000);
`;
