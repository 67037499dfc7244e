const root='/work/wt-world2/test/support/';
const { playHostileWorld } = await import(root+'service-world/hostile-world.ts');
const { playWorld } = await import(root+'service-world/world.ts');
const { weatherOf } = await import(root+'service-world/weather.ts');
const { Draws } = await import(root+'service-world/draws.ts');
const [kind,from,to]=[process.argv[2],Number(process.argv[3]),Number(process.argv[4])];
const seen=new Map<string,number>(); let failures=0, n=0; const cpu=process.cpuUsage(); const slow:[number,number][]=[];
for(let seed=from;seed<=to;seed++){ n++; const t=process.cpuUsage();
  try { const s = kind==='h'? await playHostileWorld(seed): (await playWorld(seed, weatherOf(new Draws(-seed)))).seen; for(const [k,v] of s) seen.set(k,(seen.get(k)??0)+v);} catch(e){failures++; console.log((e as Error).stack!.slice(0,1500));}
  const d=process.cpuUsage(t); slow.push([(d.user+d.system)/1e6,seed]);
}
const d=process.cpuUsage(cpu); console.log([...seen].sort().map(([k,v])=>k+': '+v).join('\n')); slow.sort((a,b)=>b[0]-a[0]);
console.log('worlds',n,'failures',failures,'cpu/world',(d.user+d.system)/1e6/n,'slowest',slow.slice(0,5));
