/// The look of the page: light, dark, in print and on a phone.
enum PageStyle {
    /// No character of it has a meaning in XML.
    static let css = """
        :root{color-scheme:light dark;\(Palette.light.declarations);--link:#0b57a4;--box:#f5f6f8}
        @media(prefers-color-scheme:dark){:root{\(Palette.dark.declarations);--link:#8ec5f5;--box:#1c1f24}}
        *{box-sizing:border-box}
        body{margin:0 auto;padding:1rem clamp(.75rem,3vw,2.5rem) 4rem;max-width:90rem;background:var(--paper);color:var(--ink);\
        font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums;\
        overflow-wrap:anywhere}
        h1{font-size:1.35rem;line-height:1.25;margin:.5rem 0;color:var(--muted);font-weight:600}
        h2{font-size:1.2rem;line-height:1.3;margin:2.5rem 0 .5rem;padding-top:.75rem;border-top:1px solid var(--grid)}
        h3{font-size:1.05rem;margin:1.5rem 0 .5rem}
        p,ul,pre{margin:.5rem 0;max-width:76ch}
        .verdict p:first-child,.verdict ul:first-child{font-size:1.2rem;line-height:1.45;font-weight:600}
        .verdict ul:first-child{padding-left:1.2rem}
        .warning{border-left:.35rem solid var(--loss);padding:.1rem .75rem;background:var(--box);max-width:76ch;margin:.75rem 0}
        a{color:var(--link)}
        nav ul,.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;list-style:none;padding:0;max-width:none;font-size:.9rem}
        .legend{gap:.35rem .6rem;margin:1rem 0}
        .legend li{display:inline-flex;align-items:center;gap:.4rem;padding:.15rem .3rem}
        .legend button{display:inline-flex;align-items:center;gap:.4rem;font:inherit;color:inherit;background:none;\
        border:1px solid var(--muted);border-radius:1rem;padding:.15rem .7rem;cursor:pointer}
        .legend button[aria-pressed=false]{text-decoration:line-through;opacity:.75}
        .rest{color:var(--muted)}
        .grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,36rem),1fr));gap:0 2rem;align-items:start}
        figure{margin:1rem 0;min-width:0;max-width:50rem}
        figcaption{max-width:76ch;margin-bottom:.4rem}
        figure svg,figure img{display:block;width:100%;min-width:30rem;height:auto;border:1px solid var(--grid);border-radius:.4rem}
        .note,.note p{color:var(--muted);font-size:.9rem;margin:.25rem 0}
        .scroll{overflow-x:auto;max-width:100%;position:relative}
        table{border-collapse:collapse;font-size:.9rem;margin:.5rem 0}
        th,td{padding:.2rem .6rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--grid);overflow-wrap:normal}
        thead th{border-bottom:2px solid var(--muted);font-weight:600}
        tbody th{font-weight:400}
        .n{text-align:right;white-space:nowrap}
        details{margin:.4rem 0}
        summary{cursor:pointer;color:var(--link);width:fit-content}
        code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.92em}
        pre{overflow-x:auto;padding:.6rem .8rem;background:var(--box);border-radius:.4rem;white-space:pre-wrap}
        :focus-visible{outline:2px solid var(--link);outline-offset:2px}
        .off{display:none}
        #tip{position:fixed;pointer-events:none;background:var(--ink);color:var(--paper);padding:.15rem .5rem;border-radius:.3rem;\
        font-size:.85rem;z-index:9;display:none}
        @page{margin:14mm}
        @media print{:root{color-scheme:light;\(Palette.light.declarations);--link:#0b57a4;--box:#fff}body{padding:0;font-size:10pt;\
        max-width:none}figure,tr,.warning{break-inside:avoid}h2,h3,figcaption{break-after:avoid}nav{display:none}\
        .scroll{overflow:visible}table{font-size:7.5pt}th,td{padding:.1rem .3rem}.n{white-space:normal}figure svg,figure img{min-width:0}\
        .grid{display:block}details::details-content{content-visibility:visible;display:block}summary{color:inherit}}
        """
}

/// What the page does where scripts run: values under the pointer, strategies that are switched off, and numbers that are not
/// left out of print. Without it everything is there but these.
enum PageScript {
    /// No character of it has a meaning in XML, so that comparisons are written without angle brackets.
    static let text = """
        (function(){'use strict';
        var d=document,all=function(q,n){return Array.prototype.slice.call((n||d).querySelectorAll(q))};
        all('.legend li[data-series]').forEach(function(li){
        var b=d.createElement('button'),s=li.getAttribute('data-series');b.type='button';b.setAttribute('aria-pressed','true');
        b.title='Show or hide in all pictures';
        while(li.firstChild){b.appendChild(li.firstChild)}li.appendChild(b);
        b.onclick=function(){var on=b.getAttribute('aria-pressed')!=='true';b.setAttribute('aria-pressed',String(on));
        all('figure [data-series="'+s+'"]').forEach(function(e){e.classList.toggle('off',!on)})}});
        addEventListener('beforeprint',function(){all('figure details,details').forEach(function(e){e.open=true})});
        var tip=d.createElement('div');tip.id='tip';d.body.appendChild(tip);
        function unit(v,q){
        if(q==='fraction'){return (v*100).toFixed(2)+' %'}
        if(q==='money'){return '$'+v.toPrecision(3)}
        var u=q==='seconds'?(120>v?[[1,'s'],[1e-3,'ms'],[1e-6,'µs'],[1e-9,'ns']]:7200>v?[[60,'min']]:[[3600,'h']]):
        [[1e12,'T'],[1e9,'G'],[1e6,'M'],[1e3,'k'],[1,'']];
        var i=0;while(u.length-1>i){if(v>=u[i][0]){break}i++}
        return Number((v/u[i][0]).toPrecision(3))+' '+u[i][1]+(q==='bytes'?'B':'')}
        function axis(t){var p=t.split(' '),a=+p[1],b=+p[2];return function(f){
        return unit(p[0]==='log'?a*Math.pow(b/a,f):a+(b-a)*f,p[3])}}
        all('figure svg').forEach(function(svg){
        var t=svg.querySelector('title'),c=svg.querySelector('desc');
        if(t){svg.setAttribute('aria-label',t.textContent+'. '+(c?c.textContent:''));svg.removeAttribute('aria-labelledby');t.remove()}
        var lines=all('[data-curve]',svg).map(function(e){var n=e.getAttribute('d').match(/-?[\\d.]+/g)||[],p=[];
        for(var i=0;n.length-1>i;i+=2){p.push([+n[i],+n[i+1]])}
        var g=e.closest('[data-plot]');return {e:e,p:p,n:e.getAttribute('data-curve'),b:g.getAttribute('data-plot').split(' ').map(Number),
        x:axis(g.getAttribute('data-x-axis')),y:axis(g.getAttribute('data-y-axis'))}});
        if(!lines.length){return}
        svg.onpointermove=function(ev){
        var m=svg.getScreenCTM().inverse(),x=ev.clientX*m.a+m.e,y=ev.clientY*m.d+m.f,best=null,least=900;
        lines.forEach(function(l){if(l.e.closest('.off')){return}
        l.p.forEach(function(p){var q=(p[0]-x)*(p[0]-x)+(p[1]-y)*(p[1]-y);if(least>q){least=q;best=[l,p]}})});
        tip.style.display=best?'block':'none';
        if(best){var l=best[0],p=best[1];
        tip.textContent=l.n+': '+l.y((l.b[1]+l.b[3]-p[1])/l.b[3])+' at '+l.x((p[0]-l.b[0])/l.b[2]);
        tip.style.left=Math.min(ev.clientX+12,innerWidth-tip.offsetWidth-4)+'px';tip.style.top=(ev.clientY+14)+'px'}};
        svg.onpointerleave=function(){tip.style.display='none'}})
        })();
        """
}
