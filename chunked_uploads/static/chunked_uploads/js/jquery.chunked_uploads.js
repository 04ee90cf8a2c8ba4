/*! django-chunked-uploads, BSD-3-Clause. Made from js/src; don't edit. */
"use strict";(function(){const SAMPLES=32;const SAMPLE_SIZE=32*1024;function sampleOf(file){if(file.size<=SAMPLES*SAMPLE_SIZE)return file;const last=file.size-SAMPLE_SIZE;const starts=Array.from({length:SAMPLES},(_,i)=>Math.floor((i*last)/(SAMPLES-1)),);return new Blob(starts.map((start)=>file.slice(start,start+SAMPLE_SIZE)));}
function bytesOf(blob){if(blob.arrayBuffer)return blob.arrayBuffer();return new Response(blob).arrayBuffer();}
async function fingerprint(file){const bytes=await bytesOf(new Blob([`${file.size}\n`,sampleOf(file)]));const digest=window.crypto&&window.crypto.subtle?new Uint8Array(await window.crypto.subtle.digest("SHA-256",bytes)):sha256(new Uint8Array(bytes));return Array.from(digest,(byte)=>byte.toString(16).padStart(2,"0")).join("");}
const PRIMES=(function(){const primes=[];for(let n=2;primes.length<64;n+=1){if(primes.every((prime)=>n%prime))primes.push(n);}
return primes;})();const fraction=(root)=>((root%1)*2**32)|0;const ROUND_CONSTANTS=Int32Array.from(PRIMES,(prime)=>fraction(Math.cbrt(prime)));const rotate=(word,bits)=>(word>>>bits)|(word<<(32-bits));function padded(bytes){const result=new Uint8Array(Math.ceil((bytes.length+9)/64)*64);result.set(bytes);result[bytes.length]=0x80;const view=new DataView(result.buffer);view.setUint32(result.length-8,Math.floor(bytes.length/2**29));view.setUint32(result.length-4,bytes.length*8);return view;}
function addBlock(state,view,start,schedule){for(let t=0;t<64;t+=1){if(t<16){schedule[t]=view.getInt32(start+t*4);continue;}
const w15=schedule[t-15];const w2=schedule[t-2];const sigma0=rotate(w15,7)^rotate(w15,18)^(w15>>>3);const sigma1=rotate(w2,17)^rotate(w2,19)^(w2>>>10);schedule[t]=schedule[t-16]+sigma0+schedule[t-7]+sigma1;}
let[a,b,c,d,e,f,g,h]=state;for(let t=0;t<64;t+=1){const sum1=rotate(e,6)^rotate(e,11)^rotate(e,25);const choice=(e&f)^(~e&g);const first=(h+sum1+choice+ROUND_CONSTANTS[t]+schedule[t])|0;const sum0=rotate(a,2)^rotate(a,13)^rotate(a,22);const majority=(a&b)^(a&c)^(b&c);[h,g,f,e,d,c,b,a]=[g,f,e,(d+first)|0,c,b,a,(first+sum0+majority)|0];}
[a,b,c,d,e,f,g,h].forEach((word,i)=>(state[i]+=word));}
function sha256(bytes){const state=Int32Array.from(PRIMES.slice(0,8),(prime)=>fraction(Math.sqrt(prime)));const schedule=new Int32Array(64);const view=padded(bytes);for(let start=0;start<view.byteLength;start+=64){addBlock(state,view,start,schedule);}
const digest=new DataView(new ArrayBuffer(32));state.forEach((word,i)=>digest.setInt32(i*4,word));return new Uint8Array(digest.buffer);}
window.ChunkedUploads=Object.assign(window.ChunkedUploads||{},{fingerprint});})();
"use strict";(function(){class Digests{constructor(url){this.url=window.crypto&&window.crypto.subtle&&window.Worker?url:"";this.worker=null;this.waiting=new Map();this.last=0;}
of(blob){if(!this.url)return Promise.resolve(null);try{this.worker=this.worker||this.makeWorker();}catch(error){this.end();return Promise.resolve(null);}
this.last+=1;this.worker.postMessage({id:this.last,blob});return new Promise((resolve)=>this.waiting.set(this.last,resolve));}
makeWorker(){const worker=new Worker(this.url);worker.addEventListener("message",({data:{id,digest}})=>{const resolve=this.waiting.get(id);this.waiting.delete(id);if(resolve)resolve(digest);});worker.addEventListener("error",()=>this.end());return worker;}
end(){this.url="";if(this.worker)this.worker.terminate();this.worker=null;this.waiting.forEach((resolve)=>resolve(null));this.waiting.clear();}}
window.ChunkedUploads=Object.assign(window.ChunkedUploads||{},{Digests});})();
"use strict";(function(){const UNITS=["byte","kilobyte","megabyte","gigabyte","terabyte"];function scale(count){let value=count;let power=0;while(value>=999.5&&power<UNITS.length-1){value/=1000;power+=1;}
const digits=power===0||value>=99.95?0:value>=9.995?1:2;return{value,unit:UNITS[power],digits};}
class Formatter{constructor(language){this.language=language||undefined;this.formats=new Map();}
number(value,options){const key=JSON.stringify(options);if(!this.formats.has(key)){this.formats.set(key,new Intl.NumberFormat(this.language,options));}
return this.formats.get(key).format(value).replace(/ /g,"\u00a0").replace("/","/\u2060");}
bytes(count){const{value,unit,digits}=scale(count);return this.quantity(value,unit,digits,unit==="byte"?"long":"short");}
speed(count){const{value,unit,digits}=scale(count);return this.quantity(value,`${unit}-per-second`,digits,"short");}
quantity(value,unit,digits,unitDisplay){return this.number(value,{style:"unit",unit,unitDisplay,minimumFractionDigits:digits,maximumFractionDigits:digits,});}
percent(count){return this.number(count/100,{style:"percent"});}
unit(value,unit){return this.number(value,{style:"unit",unit,unitDisplay:"long"});}
duration(seconds){if(seconds<60)return this.unit(Math.max(5,Math.ceil(seconds/5)*5),"second");const minutes=Math.ceil(seconds/60);if(minutes<60)return this.unit(minutes,"minute");const hours=Math.floor(minutes/60);if(hours>=24)return this.unit(Math.round(hours/24),"day");const rest=minutes%60;const parts=[this.unit(hours,"hour"),...(rest?[this.unit(rest,"minute")]:[])];return new Intl.ListFormat(this.language,{type:"unit",style:"narrow"}).format(parts);}}
Object.assign(window.ChunkedUploads,{Formatter});})();
"use strict";(function(){const WINDOW=10000;const FIRST_SPEED_AFTER=1500;class SpeedMeter{constructor(){this.samples=[];}
reset(bytes){this.samples=[];this.add(bytes);}
add(bytes,now=performance.now()){const last=this.samples[this.samples.length-1];if(last&&bytes<last.bytes)this.samples=[];this.samples.push({bytes,now});while(this.samples.length>2&&now-this.samples[1].now>WINDOW){this.samples.shift();}}
speed(now=performance.now()){if(this.samples.length<2)return null;const first=this.samples[0];const last=this.samples[this.samples.length-1];const elapsed=now-first.now;if(elapsed<FIRST_SPEED_AFTER)return null;return((last.bytes-first.bytes)*1000)/elapsed;}}
class ShownBytes{constructor(size,there=0,shown=0){this.size=size;this.bytes=Math.min(Math.max(there,shown),size);this.base={there,shown:this.bytes};}
note(there){const{base,size}=this;const way=size-base.there;const share=way>0?(there-base.there)/way:1;const bytes=Math.round(base.shown+share*(size-base.shown));if(bytes<this.bytes)this.base={there,shown:this.bytes};else this.bytes=Math.min(bytes,size);}}
class Progress{constructor(size,known=null,shownBefore=0){this.size=size;this.known=known;this.hasBegun=false;this.held=known?known.size:0;this.sent=known?known.received:0;this.furthest=0;this.shown=new ShownBytes(size,this.sent,shownBefore);this.meter=new SpeedMeter();}
get received(){return this.known?this.known.received:0;}
get isAllThere(){return this.known!==null&&this.known.size>=this.size;}
get percent(){if(!this.size)return 0;return Math.min(99,Math.floor((this.shown.bytes*100)/this.size));}
get speed(){return this.meter.speed();}
begin(){this.hasBegun=true;}
startMeter(){this.meter.reset(this.sent);}
learn(answer){this.known={...this.known,...answer};this.held=answer.size;this.furthest=Math.max(this.furthest,answer.size);}
replace(answer){const{known}=this;if(known&&(!answer||answer.upload_uuid!==known.upload_uuid))this.reset();this.known=answer;this.held=answer?answer.size:0;}
find(answer){this.known=answer;}
correct(size){this.known={...this.known,size};}
lose(){this.known=null;}
reset(){this.known=null;this.hasBegun=false;this.held=this.sent=0;this.shown=new ShownBytes(this.size);}
noteSent(bytes){this.sent=Math.min(bytes,this.size);this.shown.note(this.sent);this.meter.add(this.sent);}
complete(){this.held=this.sent=this.size;this.shown.note(this.size);}}
Object.assign(window.ChunkedUploads,{Progress,ShownBytes,SpeedMeter});})();
"use strict";(function(){const CURABLE_CODES=new Set(["body_cut","digest_mismatch"]);const HOPELESS_CODES=new Set(["in_use","content_conflict"]);const OUT_OF_STEP=new Set(["range_conflict","ambiguous"]);const CURABLE_STATUSES=new Set([401,408,409,423,425,429]);class RequestFailed extends Error{constructor(status,answer=null,{retryAfter="",chunkSize=0}={}){super(`The request failed with status ${status}.`);this.name="RequestFailed";this.status=status;this.answer=answer||{};this.isFromUploads=Boolean(answer&&answer.error);this.retryAfter=secondsUntil(retryAfter);this.chunkSize=chunkSize;}
get detail(){return this.answer.detail||"";}
get isOfOtherFile(){return this.answer.error==="content_conflict";}
get isOfWholeFile(){return this.answer.error==="file_refused";}
get isOutOfStep(){return OUT_OF_STEP.has(this.answer.error);}
get isCurable(){if(HOPELESS_CODES.has(this.answer.error))return false;return(this.status<400||this.status>=500||CURABLE_STATUSES.has(this.status)||CURABLE_CODES.has(this.answer.error));}}
function secondsUntil(retryAfter){if(!retryAfter)return 0;const seconds=/^\d+$/.test(retryAfter.trim())?Number(retryAfter):(Date.parse(retryAfter)-Date.now())/1000;return Math.max(0,seconds||0);}
function parseList(text){try{const answer=JSON.parse(text);return Array.isArray(answer)?answer:null;}catch(error){return null;}}
function failureOf(request,chunkSize){if(!request||!request.status)return new RequestFailed(0,null,{chunkSize});const list=parseList(request.responseText);const retryAfter=request.getResponseHeader("Retry-After");return new RequestFailed(request.status,list&&list[0],{retryAfter,chunkSize});}
class FileChanged extends Error{}
class OtherContent extends Error{}
class FileRefused extends Error{constructor(key,values){super(key);this.key=key;this.values=values;}}
window.ChunkedUploads=Object.assign(window.ChunkedUploads||{},{FileChanged,FileRefused,OtherContent,RequestFailed,failureOf,parseList,});})();
"use strict";(function(){const{FileChanged,fingerprint}=window.ChunkedUploads;function randomDigits(){const[number]=window.crypto.getRandomValues(new Uint32Array(1));return number.toString(16).padStart(8,"0");}
class Source{constructor(file,path){this.file=file;this.path=path;this.isUnverified=file===null;this.isConfirmed=false;this.content=null;this.salt="";}
get fingerprint(){const{content,salt}=this;return content&&content.slice(0,content.length-salt.length)+salt;}
replace({file,path=""},isConfirmed){this.file=file;this.path=path;this.isConfirmed=isConfirmed;}
lose(){this.file=null;this.isUnverified=true;}
verify(){this.isUnverified=false;}
addSalt(){this.salt=randomDigits();}
async check(){let current;try{current=await fingerprint(this.file);}catch(error){throw new FileChanged(error.message);}
const isOther=this.content!==null&&this.content!==current;if(isOther&&!this.isUnverified)throw new FileChanged();this.content=current;}}
Object.assign(window.ChunkedUploads,{Source});})();
"use strict";(function(){const{RequestFailed,parseList}=window.ChunkedUploads;const NIL_UUID="00000000-0000-0000-0000-000000000000";const SMALLEST_CHUNK=64*1024;const USUAL_LIMIT=1024*1024;const MAX_METADATA=4096;const TIMEOUT=45;const TIMEOUT_OF_DONE=600;function toQuery(url,parameters){const target=new URL(url,document.baseURI);new URLSearchParams(parameters).forEach((value,name)=>{target.searchParams.set(name,value);});return target;}
function metadataOf(path){const metadata=JSON.stringify({relativePath:path});const isKept=new TextEncoder().encode(metadata).length<=MAX_METADATA;return path&&isKept?{metadata}:{};}
function isOtherOrigin(url){return new URL(url).origin!==window.location.origin;}
function toBytes(text){return String.fromCharCode(...new TextEncoder().encode(text));}
class Server{constructor(site){this.site=site;this.credentials=null;this.largestChunk=Infinity;}
get endpoints(){return{...this.site,...window.chunked_uploads_endpoints};}
get limits(){const page=window.chunked_uploads_endpoints;const{max_size,extensions}=page&&page.upload_url?page:this.site;const listed=Array.isArray(extensions)?extensions:(extensions||"").split(",");const dotted=listed.map((each)=>`.${each.trim().toLowerCase()}`.replace("..","."));return{maxSize:Number(max_size)||Infinity,extensions:dotted.filter((each)=>each!=="."),};}
get canRenewCredentials(){return typeof this.endpoints.authentication==="function";}
async authenticate(anew=false){if(this.credentials&&!anew)return;const{authentication}=this.endpoints;try{this.credentials=this.canRenewCredentials?(await authentication())||{}:{};}catch(error){throw new RequestFailed(navigator.onLine?401:0);}}
async renewAccess(){if(!this.canRenewCredentials)return this.renewCsrfToken();return this.authenticate(true).then(()=>true,()=>false,);}
renewCsrfToken(){const{csrf_cookie,csrf_token}=this.site;const cookies=document.cookie.split("; ").map((cookie)=>cookie.split("="));const found=cookies.find(([name])=>name===csrf_cookie);if(!found||found[1]===csrf_token)return false;this.site.csrf_token=found[1];return true;}
shrinkChunks(size){if(size<=SMALLEST_CHUNK)return false;const half=Math.max(SMALLEST_CHUNK,Math.floor(size/2));const smaller=size>USUAL_LIMIT?Math.min(half,USUAL_LIMIT):half;this.largestChunk=Math.min(this.largestChunk,smaller);return true;}
withCredentials(url){const{username,api_key,timestamp,signature}={...this.endpoints,...this.credentials,};const request=this.plain(url);if(api_key&&signature){request.headers.Authorization=`Query ${api_key}:${timestamp}:${signature}`;}else if(api_key){request.headers.Authorization=`ApiKey ${toBytes(username)}:${api_key}`;}else{request.withCookies=isOtherOrigin(request.url);}
return request;}
plain(url){const target=new URL(url,document.baseURI);const{csrf_token}=this.site;const headers={};if(csrf_token&&!isOtherOrigin(target))headers["X-CSRFToken"]=csrf_token;return{url:target.href,headers,withCookies:false};}
chunkRequest({known,fingerprint,path}){if(known)return this.plain(known.url);const url=toQuery(this.endpoints.upload_url,this.site.query);return this.withCredentials(toQuery(url,{fingerprint,...metadataOf(path)}));}
async state(known,signal){return(await this.send("GET",this.plain(known.url),signal))[0];}
async stateAtRest(known,wait,signal){return this.state({url:toQuery(known.url,{wait})},signal);}
matching(file,fingerprint,signal){return this.list({filename:file.name,filesize:file.size,fingerprint},signal,);}
unfinished(signal){return this.list({all:1},signal);}
async list(question,signal){await this.authenticate();const url=toQuery(toQuery(this.endpoints.upload_url,"for_form=0"),this.site.query);return this.send("GET",this.withCredentials(toQuery(url,question)),signal);}
async finish(known,signal){await this.authenticate();const request=known.done_url?this.plain(known.done_url):this.withCredentials(this.endpoints.done_url.replace(NIL_UUID,known.upload_uuid),);return(await this.send("POST",request,signal,TIMEOUT_OF_DONE))[0]||{};}
async remove(known,signal){await this.send("DELETE",this.plain(known.delete_url),signal);}
async send(method,{url,headers,withCookies},signal,timeout=TIMEOUT){if(signal.aborted)throw new RequestFailed(0);const controller=new AbortController();const giveUp=()=>controller.abort();const timer=setTimeout(giveUp,timeout*1000);signal.addEventListener("abort",giveUp);let response,text;try{response=await fetch(url,{method,headers,signal:controller.signal,cache:"no-store",credentials:withCookies?"include":"same-origin",});text=await response.text();}catch(error){throw new RequestFailed(0);}finally{clearTimeout(timer);signal.removeEventListener("abort",giveUp);}
const list=text?parseList(text):[];if(response.ok&&list)return list;const retryAfter=response.headers.get("Retry-After");throw new RequestFailed(response.status,list&&list[0],{retryAfter});}}
Object.assign(window.ChunkedUploads,{SMALLEST_CHUNK,Server});})();
"use strict";(function(){const{SMALLEST_CHUNK}=window.ChunkedUploads;const KIB=1024;const FIRST_CHUNK=128*KIB;const SLOW=8*KIB;const LONGEST=10;const GROWTH=4;class ChunkSizer{constructor(){this.largest=FIRST_CHUNK;this.speed=SLOW;}
noteSuccess(bytes,seconds){const speed=bytes/Math.max(seconds,0.001);if(bytes>=SMALLEST_CHUNK)this.speed=speed;const fitting=Math.min(speed*LONGEST,this.largest*GROWTH);if(seconds>LONGEST)this.limit(fitting);else this.largest=Math.max(this.largest,rounded(fitting));}
noteCut(bytes){this.limit(bytes/2);}
noteBusy(){this.limit(SMALLEST_CHUNK);}
limit(bytes){this.largest=rounded(Math.min(bytes,this.largest));}}
function rounded(bytes){return Math.max(1,Math.floor(bytes/SMALLEST_CHUNK))*SMALLEST_CHUNK;}
Object.assign(window.ChunkedUploads,{ChunkSizer,FIRST_CHUNK});})();
"use strict";(function(){const{FIRST_CHUNK,RequestFailed,failureOf}=window.ChunkedUploads;const CHECK=1000;class ChunkRequest extends XMLHttpRequest{constructor(digest,patience,report){super();this.digest=digest;this.patience=patience;this.isOver=false;this.lastMove=0;this.timer=null;this.upload.addEventListener("progress",(event)=>{this.noteMove();report(event.loaded);});this.addEventListener("progress",()=>this.noteMove());this.addEventListener("loadend",()=>this.end());}
async send(body){const digest=await this.digest;if(this.isOver)return;if(digest)this.setRequestHeader("Content-Digest",`sha-256=:${digest}:`);super.send(body);this.noteMove();this.timer=setInterval(()=>{if(Date.now()-this.lastMove>this.patience*1000)this.abort();},CHECK);}
abort(){this.end();super.abort();}
noteMove(){this.lastMove=Date.now();}
end(){this.isOver=true;clearInterval(this.timer);}}
class Sending{constructor(upload,signal){this.upload=upload;this.transport=upload.transport;this.signal=signal;this.total=upload.size;this.arrived=upload.progress.received;this.cursor=0;this.bound=0;this.inFlight=new Set();this.requests=new Set();this.prepared=null;this.failure=null;this.end=()=>{};this.goOn();}
run(){const{signal}=this;const abort=()=>this.stop(new RequestFailed(0));signal.addEventListener("abort",abort);return new Promise((resolve,reject)=>{this.end=()=>{signal.removeEventListener("abort",abort);if(this.failure)reject(this.failure);else resolve();};this.fill();});}
get maxInFlight(){return this.upload.known?this.transport.maxInFlight():1;}
goOn(){const{held,known}=this.upload;this.cursor=held;this.bound=known&&known.gap?held+known.gap:this.total;}
fill(){while(!this.failure&&!this.isAtEnd&&this.inFlight.size<this.maxInFlight){this.send(this.nextChunk());}
if(!this.inFlight.size)this.end();}
get isAtEnd(){return this.cursor>=this.bound&&(this.total>0||this.upload.known!==null);}
nextChunk(){const{prepared,cursor,bound}=this;const fits=prepared&&prepared.start===cursor&&prepared.stop<=bound;const chunk=fits?prepared:this.prepare();this.cursor=chunk.stop;this.prepared=this.upload.known&&chunk.stop<bound?this.prepare():null;return chunk;}
prepare(){const start=this.cursor;const step=this.upload.chunkSize;const edge=(Math.floor(start/step)+1)*step;const stop=Math.min(start+this.chunkSize,edge,this.bound);const blob=this.upload.file.slice(start,stop);const digest=this.transport.digests.of(blob);return{start,stop,blob,digest,loaded:0,began:0};}
get chunkSize(){const{known,maxChunkSize}=this.upload;const isFirstOfMore=!known&&this.total>maxChunkSize;return isFirstOfMore?Math.min(maxChunkSize,FIRST_CHUNK):maxChunkSize;}
async send(chunk){const{sizer}=this.transport;const size=chunk.stop-chunk.start;chunk.began=performance.now();this.inFlight.add(chunk);try{const answers=await this.request(chunk);this.inFlight.delete(chunk);sizer.noteSuccess(size,(performance.now()-chunk.began)/1000);this.takeAnswer(chunk,answers);}catch(failure){this.inFlight.delete(chunk);if(!failure.status&&!this.failure)sizer.noteCut(size);const{error}=failure.answer||{};if(error==="range_busy")sizer.noteBusy();this.stop(failure);}
this.fill();}
request(chunk){const{upload,transport}=this;const{start,stop}=chunk;const{url,headers,withCookies}=upload.chunkRequest();const report=(bytes)=>{chunk.loaded=bytes;this.report();};return new Promise((resolve,reject)=>{const request=transport.send({files:[upload.file],blob:chunk.blob,contentRange:this.total?`bytes ${start}-${stop - 1}/${this.total}`:"",url,headers,xhrFields:{withCredentials:withCookies},xhr:()=>new ChunkRequest(chunk.digest,transport.options.patience,report),});this.requests.add(request);request.always(()=>this.requests.delete(request));request.done(resolve).fail((failed)=>reject(failureOf(failed,stop-start)));});}
takeAnswer(chunk,answers){const answer=Array.isArray(answers)&&answers[0];if(!answer||!answer.url)throw new RequestFailed(200);const{upload}=this;if(!upload.known||answer.received>=upload.known.received)upload.learn(answer);const isAlone=this.inFlight.size===0;this.arrived=isAlone?upload.known.received:this.arrived+chunk.stop-chunk.start;this.report();if(!isAlone)return;if(upload.held<this.cursor)throw new RequestFailed(409);this.goOn();}
report(){if(this.failure)return;const chunks=[...this.inFlight];this.upload.setSent(chunks.reduce((sum,chunk)=>sum+this.arrivedOf(chunk),this.arrived));}
arrivedOf({began,loaded}){const seconds=(performance.now()-began)/1000;return Math.min(loaded,Math.floor(seconds*this.transport.sizer.speed));}
stop(failure){this.failure=this.failure||failure;if(!failure.status)this.requests.forEach((request)=>request.abort());}}
Object.assign(window.ChunkedUploads,{Sending});})();
"use strict";(function(){const{OtherContent}=window.ChunkedUploads;const OUT_OF_REACH=new Set([401,403,404,410]);const NO_FINGERPRINT="-";const WAIT=2;const MAX_WAITS=4;async function findOnServer(upload,signal){const{known,server,source}=upload;const{isUnverified}=source;const state=isUnverified?null:await findByUrl(known,server,signal);if(state)return state;const found=isUnverified?await verifyKnown(upload,signal):await findByFile(upload,signal);return findByUrl(found,server,signal);}
async function findByUrl(known,server,signal){if(!known)return null;try{return await stateAtRest(known,server,signal);}catch(failure){if(OUT_OF_REACH.has(failure.status))return null;throw failure;}}
async function stateAtRest(known,server,signal){let received=-1;for(let waits=0;;waits+=1){const asked=performance.now();const state=await server.stateAtRest(known,WAIT,signal);const isAtRest=performance.now()-asked<WAIT*1000;if(!state||isAtRest||waits===MAX_WAITS)return state;if(state.received>received)waits=0;received=state.received;}}
async function findByFile(upload,signal){const{server,size,source}=upload;const taken=upload.others().filter((other)=>other.file&&other.known);const uuids=taken.map(({known})=>known.upload_uuid);const answers=await server.matching(source.file,source.fingerprint,signal);const free=answers.filter(({total_size,upload_uuid})=>total_size===size&&!uuids.includes(upload_uuid),);const verified=await withFingerprint(upload,free,signal);return verified.sort((one,other)=>other.received-one.received)[0]||null;}
async function verifyKnown(upload,signal){const{known,server,source}=upload;const{file,fingerprint,isConfirmed}=source;const isIt=({upload_uuid})=>upload_uuid===known.upload_uuid;const found=(await server.matching(file,fingerprint,signal)).filter(isIt);if(found.length){const verified=isConfirmed?found:await withFingerprint(upload,found,signal);if(!verified.length)throw new OtherContent();return verified[0];}
if((await server.matching(file,"",signal)).some(isIt))throw new OtherContent();return findByFile(upload,signal);}
async function withFingerprint({file,server},answers,signal){if(!answers.length)return[];const without=await server.matching(file,NO_FINGERPRINT,signal);const uuids=without.map(({upload_uuid})=>upload_uuid);return answers.filter(({upload_uuid})=>!uuids.includes(upload_uuid));}
Object.assign(window.ChunkedUploads,{OUT_OF_REACH,findByFile,findOnServer});})();
"use strict";(function(){const{OUT_OF_REACH}=window.ChunkedUploads;const GONE=new Set([404,410]);async function cancelOnServer({known,isAllThere},server,signal){if(!known)return false;try{const{state}=(await server.state(known,signal))||{};if(state==="COMPLETE")return true;await server.remove(known,signal);return false;}catch(failure){if(!OUT_OF_REACH.has(failure.status))throw failure;if(!GONE.has(failure.status)&&(await isListed(known,server,signal)))throw failure;return isAllThere&&wasFinished(known,server,signal);}}
async function isListed({upload_uuid},server,signal){const listed=await server.unfinished(signal);return listed.some((each)=>each.upload_uuid===upload_uuid);}
async function wasFinished(known,server,signal){try{await server.finish(known,signal);return true;}catch(failure){if(OUT_OF_REACH.has(failure.status))return false;throw failure;}}
Object.assign(window.ChunkedUploads,{cancelOnServer});})();
"use strict";(function(){const FIRST_PAUSE=1;const LONGEST_PAUSE=60;const LONGEST_PAUSE_OFFLINE=10;const LONGEST_WAIT=86400;const MAX_REFUSALS=30;const WAITED_FOR=new Set([0,401,429]);function pauseAfter({status,retryAfter},attempts){const longest=status?LONGEST_PAUSE:LONGEST_PAUSE_OFFLINE;const growing=Math.min(longest,FIRST_PAUSE*2**(attempts-1));const jittered=growing*(0.5+Math.random()/2);return Math.max(jittered,Math.min(retryAfter,LONGEST_WAIT));}
class Retrying{constructor(server,announce){this.server=server;this.announce=announce;this.attempts=0;this.retryAt=0;this.endWaiting=()=>{};}
reset(){this.attempts=0;}
async repeat(operation,signal,maxAttempts=Infinity){this.reset();for(;;){try{return await operation();}catch(failure){if(signal.aborted)throw failure;await this.recover(failure,signal,maxAttempts);}}}
async recover(failure,signal,maxAttempts){if(failure.status===413)return this.shrinkChunks(failure);this.attempts+=1;if(this.attempts===1&&failure.isOutOfStep)return;if([401,403].includes(failure.status)&&(await this.renewAccess()))return;if(signal.aborted)throw failure;const most=WAITED_FOR.has(failure.status)?Infinity:MAX_REFUSALS;const isHopeless=!failure.isCurable||this.attempts>=Math.min(most,maxAttempts);if(isHopeless)throw failure;await this.wait(pauseAfter(failure,this.attempts),failure,signal);}
async renewAccess(){const isNew=await this.server.renewAccess();return isNew&&(this.attempts===1||!this.server.canRenewCredentials);}
shrinkChunks(failure){const isOfProxy=!failure.isFromUploads&&failure.chunkSize;if(!isOfProxy||!this.server.shrinkChunks(failure.chunkSize))throw failure;}
async wait(seconds,failure,signal){this.retryAt=Date.now()+seconds*1000;this.announce(failure);await new Promise((resolve)=>{const end=()=>{clearTimeout(timer);signal.removeEventListener("abort",end);resolve();};const timer=setTimeout(end,seconds*1000);this.endWaiting=end;signal.addEventListener("abort",end);});if(signal.aborted)throw failure;this.server.renewCsrfToken();}}
Object.assign(window.ChunkedUploads,{Retrying});})();
"use strict";(function(){const{OUT_OF_REACH,RequestFailed,Sending,findOnServer}=window.ChunkedUploads;const ABORTING=300;function throwIfAborted(signal){if(signal.aborted)throw new RequestFailed(0);}
class Advancing{constructor(upload){this.upload=upload;this.sending=null;this.quietAt=0;}
async run(signal){const{progress,source}=this.upload;throwIfAborted(signal);if(!progress.isAllThere||source.isUnverified){this.upload.setState("checking");if(this.isSmallAndNew)await source.check();else await this.askWhereToGoOn(signal);throwIfAborted(signal);progress.begin();if(!progress.isAllThere)await this.sendTheRest(signal);throwIfAborted(signal);}
this.upload.setState("finishing");return this.finish(signal);}
get isSmallAndNew(){const{maxChunkSize,progress,size}=this.upload;return!progress.known&&!progress.hasBegun&&size<=maxChunkSize;}
async askWhereToGoOn(signal){const{progress,source}=this.upload;await Promise.all([source.check(),this.waitForAborted()]);throwIfAborted(signal);const answer=await findOnServer(this.upload,signal);throwIfAborted(signal);source.verify();progress.replace(answer);if(answer)this.upload.learn(answer);this.upload.setSent(progress.received);}
async sendTheRest(signal){const{progress,server}=this.upload;await server.authenticate();throwIfAborted(signal);progress.startMeter();this.upload.setState("uploading");this.sending=new Sending(this.upload,signal);try{await this.sending.run();}catch(failure){if(!signal.aborted)this.interrupt();throw failure;}
this.sending=null;if(!progress.isAllThere)throw new RequestFailed(409);}
async finish(signal){const{progress,server}=this.upload;try{return await server.finish(progress.known,signal);}catch(failure){const{status,answer}=failure;if(status===409&&answer.size>=0)progress.correct(answer.size);if(OUT_OF_REACH.has(status))progress.lose();throw failure;}}
interrupt(){if(!this.sending)return;this.sending=null;this.quietAt=performance.now()+ABORTING;}
waitForAborted(){const left=this.quietAt-performance.now();return left>0?new Promise((resolve)=>setTimeout(resolve,left)):null;}
tick(){if(this.sending)this.sending.report();}}
Object.assign(window.ChunkedUploads,{Advancing});})();
"use strict";(function(){const KEY="chunked-uploads-shown";const before=readOnce();function readOnce(){try{const kept=JSON.parse(window.sessionStorage.getItem(KEY));window.sessionStorage.removeItem(KEY);return kept||{};}catch(error){return{};}}
function isWorthKeeping({known,isFinished,isCancelled}){return known&&!isFinished&&!isCancelled;}
function keepShown(uploads){const shown=uploads.filter(isWorthKeeping).map(({known,progress})=>[known.upload_uuid,progress.shown.bytes]);try{window.sessionStorage.setItem(KEY,JSON.stringify(Object.fromEntries(shown)));}catch(error){}}
function recallShown({upload_uuid}){return Number(before[upload_uuid])||0;}
Object.assign(window.ChunkedUploads,{keepShown,recallShown});})();
"use strict";(function(){const{Advancing,FileChanged,OtherContent,Progress}=window.ChunkedUploads;const{Retrying,Source,cancelOnServer,findByFile,recallShown}=window.ChunkedUploads;const MAX_CANCEL_ATTEMPTS=5;const RUNNING=new Set(["checking","uploading","waiting","finishing"]);const IDLE=new Set(["ready","paused","failed"]);const FINISHED=new Set(["complete","refused"]);const CANCELLED=new Set(["cancelling","cancelled"]);class Upload{constructor({file=null,path="",known=null},{server,transport,others,report,chunkSize},){this.server=server;this.transport=transport;this.others=others;this.report=report;this.chunkSize=chunkSize;this.name=file?file.name:known.name;this.size=file?file.size:known.total_size;this.state=file?"ready":"missing";this.failure=null;this.result=null;this.isKept=false;this.source=new Source(file,path);this.progress=new Progress(this.size,known,known?recallShown(known):0);this.retrying=new Retrying(server,(failure)=>this.wait(failure));this.advancing=new Advancing(this);this.controller=new AbortController();}
get isRunning(){return RUNNING.has(this.state);}
get isIdle(){return IDLE.has(this.state);}
get isGoing(){return this.isRunning||this.state==="queued";}
get isFinished(){return FINISHED.has(this.state);}
get isCancelled(){return CANCELLED.has(this.state);}
get file(){return this.source.file;}
get path(){return this.source.path;}
get known(){return this.progress.known;}
get held(){return this.progress.held;}
get sent(){return this.progress.sent;}
get percent(){return this.state==="complete"?100:this.progress.percent;}
get speed(){return this.state==="uploading"?this.progress.speed:null;}
get timeLeft(){const{speed}=this;return speed?(this.size-this.sent)/speed:null;}
get retryAt(){return this.retrying.retryAt;}
start(){if(!this.isIdle)return;this.interrupt();this.setState("queued");}
refuse(refusal){this.setState("refused",refusal);}
attach(origin,{isConfirmed=false,isToStart=true}={}){this.source.replace(origin,isConfirmed);this.setState(isToStart?"queued":"ready");}
async pause(){if(!this.isGoing)return;const signal=this.interrupt();this.setState("paused");try{if(this.known&&!this.progress.isAllThere)await this.advancing.askWhereToGoOn(signal);}catch(failure){}
if(signal.aborted)return;this.setSent(Math.min(this.sent,this.progress.received));}
async cancel(){if(this.isFinished||this.isCancelled)return;const signal=this.interrupt();this.setState("cancelling");let failure=null;const attempt=async()=>{if(!this.known&&this.progress.hasBegun){this.progress.find(await findByFile(this,signal));}
return cancelOnServer(this.progress,this.server,signal);};try{this.isKept=await this.retrying.repeat(attempt,signal,MAX_CANCEL_ATTEMPTS);}catch(error){failure=error;}
this.setState("cancelled",failure);}
wake(){if(this.state==="waiting"&&[0,401].includes(this.failure.status)){this.retrying.endWaiting();}}
wait(failure){if(this.state!=="cancelling")this.setState("waiting",failure);}
async run(){const signal=this.interrupt();try{this.result=await this.retrying.repeat(()=>this.advancing.run(signal),signal);if(signal.aborted)return;this.progress.complete();this.setState("complete");}catch(failure){if(!signal.aborted)this.fail(failure);}}
fail(failure){if(failure.isOfOtherFile||failure.isOfWholeFile)this.progress.reset();if(failure.isOfOtherFile)this.source.addSalt();if(failure.isOfWholeFile){this.refuse(failure);return;}
const isFileLost=failure instanceof FileChanged&&this.known!==null;if(isFileLost||failure instanceof OtherContent)this.source.lose();this.setState(this.file?"failed":"missing",failure);}
get maxChunkSize(){return Math.min(this.chunkSize,this.server.largestChunk,this.transport.sizer.largest);}
chunkRequest(){const{known,path,source}=this;return this.server.chunkRequest({known,path,fingerprint:source.fingerprint});}
learn(answer){if(answer.size>this.progress.furthest)this.retrying.reset();this.progress.learn(answer);if(answer.chunk_size>0)this.chunkSize=answer.chunk_size;}
setSent(bytes){this.progress.noteSent(bytes);this.report("progress");}
tick(){this.advancing.tick();}
interrupt(){this.controller.abort();this.advancing.interrupt();this.controller=new AbortController();return this.controller.signal;}
setState(state,failure=null){this.state=state;this.failure=failure;this.report("state");}}
Object.assign(window.ChunkedUploads,{Upload});})();
"use strict";(function(){const MAX_REQUESTS=4;class Queue{constructor({files,ranges,everywhere}){this.files=files;this.ranges=ranges;this.everywhere=everywhere;this.uploads=[];}
get running(){return this.uploads.filter((upload)=>upload.isRunning);}
get counted(){return this.uploads.filter(({state})=>!["missing","refused"].includes(state));}
get waitingFirst(){return[...this.uploads].sort((one,other)=>one.isRunning-other.isRunning);}
add(upload){this.uploads.push(upload);}
remove(upload){this.uploads=this.uploads.filter((each)=>each!==upload);}
startNext(){if(this.running.length>=this.files)return;let running=this.runningEverywhere();for(const upload of this.uploads){if(upload.state!=="queued"||hasTwin(upload,running))continue;upload.run();if(this.running.length>=this.files)return;running=this.runningEverywhere();}}
runningEverywhere(){return this.everywhere().filter(({isRunning})=>isRunning);}
maxInFlight(){const share=Math.floor(MAX_REQUESTS/Math.max(1,this.runningEverywhere().length));return Math.max(1,Math.min(this.ranges,share));}
total(){const uploads=this.counted;const sum=(value)=>uploads.reduce((total,upload)=>total+value(upload),0);const size=sum((upload)=>upload.size);const sent=sum(({progress})=>progress.shown.bytes);const left=uploads.filter(({isGoing})=>isGoing);const rest=left.reduce((total,upload)=>total+upload.size-upload.sent,0);const complete=uploads.filter(({state})=>state==="complete").length;const speed=sum((upload)=>upload.speed||0);const isComplete=complete===uploads.length;const share=size?Math.min(99,Math.floor((sent*100)/size)):0;return{count:uploads.length,complete,size,sent,speed:speed||null,timeLeft:speed?rest/speed:null,percent:isComplete?100:share,};}}
function hasTwin({name,size},running){return running.some((other)=>other.name===name&&other.size===size);}
Object.assign(window.ChunkedUploads,{Queue});})();
"use strict";(function(){const{FileRefused}=window.ChunkedUploads;const DRAG_ENDS_AFTER=700;const EDITABLE="input, textarea, select, [contenteditable]";function fromList(files){return[...files].map((file)=>({file,path:file.webkitRelativePath||""}));}
async function fromTransfer(transfer){const items=[...transfer.items].filter((item)=>item.kind==="file");const dropped=items.map((item)=>({entry:item.webkitGetAsEntry?item.webkitGetAsEntry():null,file:item.getAsFile(),}));const found=await Promise.all(dropped.map(({entry,file})=>entry&&entry.isDirectory?fromFolder(entry):[{file,path:""}],),);return found.flat();}
async function fromFolder(folder){const path=folder.fullPath.slice(1);const entries=await entriesOf(folder);if(!entries)return[{file:null,path}];const found=[];for(const entry of entries){if(entry.isDirectory)(await fromFolder(entry)).forEach((each)=>found.push(each));else found.push({file:await fileOf(entry),path:`${path}/${entry.name}`});}
return found;}
async function entriesOf(folder){const reader=folder.createReader();const entries=[];for(;;){const some=await new Promise((resolve)=>reader.readEntries(resolve,()=>resolve(null)));if(!some)return null;if(!some.length)return entries;entries.push(...some);}}
function fileOf(entry){return new Promise((resolve)=>entry.file(resolve,()=>resolve(null)));}
function hasFiles(transfer){return Boolean(transfer)&&[...transfer.types].includes("Files");}
function refusalOf(file,{maxSize,extensions},format){if(file.size>maxSize){return new FileRefused("too-large",{size:format.bytes(maxSize)});}
const name=file.name.toLowerCase();if(extensions.length&&!extensions.some((extension)=>name.endsWith(extension))){return new FileRefused("wrong-type",{types:extensions.join(", ")});}
return null;}
function listen(root,{add,showDrag,signal}){let timer=null;const over=(event)=>root.contains(event.target);const on=(name,listener)=>{const check=(event)=>{if(hasFiles(event.dataTransfer||event.clipboardData))listener(event);};document.addEventListener(name,check,{signal});};const end=()=>{clearTimeout(timer);showDrag("");};on("dragover",(event)=>{clearTimeout(timer);timer=setTimeout(end,DRAG_ENDS_AFTER);showDrag(over(event)?"over":"near");if(!isOurs(root,event))return;event.preventDefault();event.dataTransfer.dropEffect=over(event)?"copy":"none";});on("dragleave",(event)=>{if(!event.relatedTarget)end();});on("drop",async(event)=>{end();if(!isOurs(root,event))return;event.preventDefault();if(over(event))add(await fromTransfer(event.dataTransfer));});on("paste",(event)=>{if(event.defaultPrevented||!isFor(root,elementAt(event)))return;event.preventDefault();add(fromList(event.clipboardData.files));});}
function elementAt({target}){return target instanceof Element?target:target.parentElement||document.body;}
function isOurs(root,event){const other=elementAt(event).closest("[data-chunked-uploads], input[type=file]");return root.contains(event.target)||!(event.defaultPrevented||other);}
function isFor(root,target){const nearest=target.closest("[data-chunked-uploads]");if(nearest)return nearest===root;return!target.closest(EDITABLE)&&document.querySelector("[data-chunked-uploads]")===root;}
Object.assign(window.ChunkedUploads,{fromList,listen,refusalOf});})();
"use strict";(function(){const{FileRefused,refusalOf}=window.ChunkedUploads;const AT_ONCE=50;class Choosing{constructor(uploader){this.uploader=uploader;this.wanted=null;this.guesses=new Map();this.ends=0;this.holds=0;}
askFor(upload){this.wanted=upload;this.uploader.input.click();}
forget(){this.wanted=null;}
end(){this.ends+=1;}
hold(){this.holds+=1;}
async add(found){const wanted=this.wanted;this.wanted=null;this.uploader.view.note("");const files=this.noteUnread(found);if(wanted&&wanted.state==="missing")this.addFor(wanted,files);else if(this.uploader.isSet("multiple"))await this.addAll(files);else if(files.length)this.addOnly(files);}
noteUnread(found){const names=found.filter(({file})=>!file).map(({path})=>path);if(names.length)this.uploader.note("unreadable",{names:names.slice(0,3).join(", ")});return found.filter(({file})=>file);}
async addAll(files){const before=this.uploader.queue.uploads.length;const{ends,holds}=this;for(let i=0;i<files.length;i+=1){if(i&&i%AT_ONCE===0)await moment();if(ends!==this.ends)break;this.addOne(files[i],holds===this.holds);}
const count=this.uploader.queue.uploads.length-before;if(count>1)this.uploader.view.sayAdded(count);}
addFor(upload,files){const mine=files.find(({file})=>isNamed(upload,file));const others=files.filter((each)=>each!==mine);if(mine)this.attach(upload,mine,true);else if(others.length===1){const{texts}=this.uploader.view;const size=texts.format.bytes(upload.size);upload.fail(new FileRefused("other-file",{name:upload.name,size}));return;}
this.addAll(others);}
addOnly([origin,...more]){const{file}=origin;const there=this.uploader.uploads.filter(({state,isCancelled})=>state!=="missing"&&!isCancelled);if(more.length)this.uploader.note("one-file");if(there.some((upload)=>isSame(upload,origin)))return;const refusal=this.refusalOf(file);if(refusal&&there.length){this.uploader.note(refusal.key,refusal.values);return;}
this.addOne(origin);there.forEach((upload)=>(upload.isFinished?this.uploader.remove(upload):upload.cancel()));}
addOne(origin,isToBegin=true){const{file,path}=origin;const same=this.uploader.uploads.filter((upload)=>isNamed(upload,file)&&!upload.isCancelled);const missing=same.find(({state})=>state==="missing");if(missing){this.guesses.set(missing,origin);this.attach(missing,origin,false,isToBegin);}else if(same.some((upload)=>!upload.isFinished&&isSame(upload,origin))){this.uploader.note("listed",{name:path||file.name});}else{this.uploader.addUpload(origin,isToBegin);}}
attach(upload,origin,isConfirmed,isToBegin=true){const isToStart=isToBegin&&this.uploader.isSet("autoStart");upload.attach(origin,{isConfirmed,isToStart});}
refusalOf(file){return refusalOf(file,this.uploader.server.limits,this.uploader.view.texts.format);}
check(upload){const origin=this.guesses.get(upload);if(!origin)return;if(upload.source.isUnverified&&!upload.isCancelled&&upload.state!=="missing")return;this.guesses.delete(upload);if(upload.state==="missing")this.uploader.addUpload(origin);}}
function moment(){return new Promise((resolve)=>setTimeout(resolve));}
function isNamed({name,size},file){return name.trim()===file.name.trim()&&size===file.size;}
function isSame(upload,{file,path}){const{lastModified}=upload.file||{};return isNamed(upload,file)&&upload.path===path&&lastModified===file.lastModified;}
Object.assign(window.ChunkedUploads,{Choosing});})();
"use strict";(function(){const{FileChanged,FileRefused,OtherContent}=window.ChunkedUploads;const ACTIONS={ready:["start","remove"],missing:["choose","cancel"],queued:["pause","cancel"],checking:["pause","cancel"],uploading:["pause","cancel"],waiting:["pause","cancel"],finishing:["pause","cancel"],paused:["resume","cancel"],failed:["retry","cancel"],refused:["remove"],complete:["remove"],};const WITHOUT_PROGRESS=new Set(["refused","complete"]);const STATUS_SENTENCES=new Set([400,401,403,404,413,415,422,429,507]);const DETAILED=new Set([400,403,413,415,429].map((status)=>`status-${status}`));function sentenceKey(failure){if(failure instanceof FileRefused)return failure.key;if(failure instanceof FileChanged)return"file-changed";if(failure instanceof OtherContent)return"other-content";if(failure.isOfOtherFile)return"other-content-there";if(failure.status===0)return"no-network";if(STATUS_SENTENCES.has(failure.status))return`status-${failure.status}`;return failure.isCurable?"server-trouble":"status-else";}
function describe(failure,texts){const{status=null,detail="",answer={}}=failure;const key=sentenceKey(failure);const own=texts.text(key,failure.values);const code=answer.error||(status===null?key.replace("-","_"):"");const isDetailed=detail&&(DETAILED.has(key)||key==="status-else");const sentence=isDetailed?`${own} ${detail}`:own;return{status,error:code,detail,sentence:(key==="status-422"&&detail)||sentence};}
function webAddress(url){if(!url)return"";try{const target=new URL(url,document.baseURI);return["http:","https:"].includes(target.protocol)?target.href:"";}catch(error){return"";}}
class Piece{constructor(element){this.element=element;}
find(part){return this.element.querySelector(`.chunked-uploads-${part}`);}
put(part,text){const element=this.find(part);if(element.textContent!==text)element.textContent=text;element.hidden=!text;}}
class Row extends Piece{constructor(upload,template,texts){super(template.content.firstElementChild.cloneNode(true));this.upload=upload;this.texts=texts;this.find("progress").setAttribute("aria-label",upload.name);this.buttons=[...this.element.querySelectorAll("[data-action]")];this.buttons.forEach((button)=>{const text=button.textContent.trim();button.title=text;button.setAttribute("aria-label",`${text}: ${upload.name}`);});this.render();}
render(){const{upload}=this;this.element.dataset.state=upload.state;this.renderName();this.renderProgress();this.put("status",this.statusText());this.put("figures",this.figures().join(" · "));this.put("message",this.message());this.renderActions(ACTIONS[upload.state]||[]);}
renderName(){const{name,path,state,result}=this.upload;const shown=path||name;const url=state==="complete"?webAddress(result.url):"";const place=this.find("name");const link=place.querySelector("a");if(place.textContent===shown&&(link?link.href:"")===url)return;place.title=shown;place.textContent=url?"":shown;if(!url)return;const anchor=document.createElement("a");anchor.href=url;anchor.textContent=shown;place.append(anchor);}
renderProgress(){const{state,percent,sent}=this.upload;const progress=this.find("progress");const text=this.texts.format.percent(percent);const isIdle=["ready","queued","failed"].includes(state)&&!sent;progress.hidden=isIdle||WITHOUT_PROGRESS.has(state);if(progress.value!==percent){progress.value=percent;progress.setAttribute("aria-valuetext",text);}
this.put("percent",progress.hidden?"":text);}
statusText(){const{state}=this.upload;const isOffline=state==="waiting"&&!navigator.onLine;return this.texts.text(isOffline?"offline":state);}
figures(){const{size,progress,speed,timeLeft}=this.upload;const{bytes}=progress.shown;const{texts}=this;const total=texts.format.bytes(size);if(!bytes||bytes===size)return[total];return[texts.text("bytes",{sent:texts.format.bytes(bytes),total})].concat(texts.pace(speed,timeLeft),);}
message(){const{state,size,sent,failure,retryAt}=this.upload;const{texts}=this;const isShown=failure&&state!=="cancelling";const sentence=isShown?describe(failure,texts).sentence:"";if(state==="waiting"){const seconds=Math.max(1,Math.ceil((retryAt-Date.now())/1000));const{format}=texts;const time=seconds<60?format.unit(seconds,"second"):format.duration(seconds);return`${sentence} ${texts.text("again-in", { time })}`;}
if(state==="missing")return sentence||texts.text("choose-again");if(state!=="ready"||!sent)return sentence;const percent=texts.format.percent(Math.floor((sent*100)/size));return texts.text("held",{percent});}
renderActions(actions){const focused=document.activeElement;this.buttons.forEach((button)=>{button.hidden=!actions.includes(button.dataset.action);});if(focused&&focused.hidden&&this.element.contains(focused))this.focus();}
focus(){const button=this.buttons.find((each)=>!each.hidden);(button||this.element).focus();}}
Object.assign(window.ChunkedUploads,{Piece,Row,describe});})();
"use strict";(function(){const{Formatter,Piece,Row,describe}=window.ChunkedUploads;const SPOKEN_STEP=25;const REDRAW=100;const SUM=["total-line","total-progress","total-figures"];const SPEECH_DELAY=700;class Texts{constructor(root){this.format=new Formatter(root.lang||document.documentElement.lang);this.messages=root.querySelector(".chunked-uploads-messages").content;}
text(key,values={}){const message=this.messages.querySelector(`[data-message="${key}"]`);if(!message)return"";return message.textContent.replace(/\{(\w+)\}/g,(gap,name)=>values[name]);}
pace(speed,timeLeft){const texts=[];if(speed===null)return texts;texts.push(this.format.speed(speed));if(timeLeft)texts.push(this.text("time-left",{time:this.format.duration(timeLeft)}));return texts;}}
class View extends Piece{constructor(root,limits){super(root);this.texts=new Texts(root);this.template=root.querySelector(".chunked-uploads-row-template");this.rows=new Map();this.changed=new Set();this.isRenderingSoon=false;this.hasEnded=false;this.unsaid=new Map();this.said=new WeakMap();this.spokenStep=0;this.renderLimits(limits);this.clear();this.find("body").hidden=false;}
clear(){this.find("list").replaceChildren();this.find("list").hidden=this.find("total").hidden=true;this.element.dataset.state="idle";}
end(){this.hasEnded=true;}
renderLimits({maxSize,extensions}){const{texts}=this;const sentences=[];if(maxSize<Infinity)sentences.push(texts.text("up-to",{size:texts.format.bytes(maxSize)}));if(extensions.length)sentences.push(texts.text("types",{types:extensions.join(", ")}));this.put("limits",sentences.join(" "));}
add(upload){const row=new Row(upload,this.template,this.texts);this.rows.set(upload,row);const list=this.find("list");list.append(row.element);list.hidden=false;}
remove(upload){const{element}=this.rows.get(upload);const hasFocus=element.contains(document.activeElement);const neighbour=element.nextElementSibling||element.previousElementSibling;element.remove();this.rows.delete(upload);if(!hasFocus)return;const row=[...this.rows.values()].find((each)=>each.element===neighbour);if(row)row.focus();else this.find("input").focus();}
uploadOf(element){const found=[...this.rows].find(([,row])=>row.element===element);return found?found[0]:null;}
renderSoon(upload,queue){this.changed.add(upload);this.renderTotalSoon(queue);}
renderTotalSoon(queue){if(this.isRenderingSoon)return;this.isRenderingSoon=true;setTimeout(()=>{this.isRenderingSoon=false;if(this.hasEnded)return;this.changed.forEach((upload)=>this.render(upload));this.changed.clear();this.renderTotal(queue);},REDRAW);}
render(upload){const row=this.rows.get(upload);if(row)row.render();}
renderTotal(queue){const{texts}=this;const total=queue.total();const isSum=total.count>1;this.element.dataset.state=stateOf(queue);this.find("list").hidden=queue.uploads.length===0;SUM.forEach((part)=>{this.find(part).hidden=!isSum;});this.renderActions(queue,isSum);if(!isSum)return;const percent=texts.format.percent(total.percent);this.put("total-status",texts.text("complete-of",this.counts(total)));this.put("total-percent",percent);const progress=this.find("total-progress");progress.value=total.percent;progress.setAttribute("aria-valuetext",percent);const size=texts.format.bytes(total.size);const sent=texts.format.bytes(total.sent);const bytes=total.percent<100?texts.text("bytes",{sent,total:size}):size;const figures=[bytes,...texts.pace(total.speed,total.timeLeft)];this.put("total-figures",figures.join(" · "));}
counts({complete,count}){const{format}=this.texts;return{done:format.number(complete),count:format.number(count)};}
renderActions({uploads},areSeveral){const has=(...states)=>uploads.some(({state})=>states.includes(state));const isGoing=uploads.some((upload)=>upload.isGoing);const shown={startAll:areSeveral&&has("ready"),resumeAll:areSeveral&&has("paused","failed"),pauseAll:areSeveral&&isGoing,cancelAll:areSeveral&&(isGoing||has("paused","failed")),clear:uploads.length>1&&has("complete","refused"),};const total=this.find("total");const buttons=[...total.querySelectorAll("[data-action]")];const focused=buttons.find((button)=>button===document.activeElement);total.hidden=!areSeveral&&!shown.clear;buttons.forEach((button)=>{button.hidden=!shown[button.dataset.action];});if(focused&&focused.hidden){(buttons.find((button)=>!button.hidden)||this.find("input")).focus();}}
showDrag(where){this.element.classList.toggle("chunked-uploads-is-near",where!=="");this.element.classList.toggle("chunked-uploads-is-over",where==="over");}
announceState(upload,queue){const{texts}=this;const{state,name,failure}=upload;const isAlone=queue.counted.length<2;const said=`${name}: ${texts.text(state)}`;if(failure&&state!=="cancelled"){this.sayOnce(upload,`${said}. ${describe(failure, texts).sentence}`);}else if(state==="paused"||(isAlone&&["uploading","complete"].includes(state))){this.say(said,name);}else if(state==="complete"&&queue.total().percent===100){this.say(texts.text("all-complete"),name);}}
sayOnce(upload,text){if(this.said.get(upload)!==text)this.say(text,upload.name);this.said.set(upload,text);}
sayAdded(number){this.say(this.texts.text("added",{count:this.texts.format.number(number)}));}
announceProgress(queue){const{percent}=queue.total();const step=Math.floor(percent/SPOKEN_STEP);if(step>this.spokenStep)this.say(this.texts.format.percent(percent),"progress");this.spokenStep=step;}
say(text,topic=text){if(!this.unsaid.size)setTimeout(()=>this.speak(),SPEECH_DELAY);this.unsaid.delete(topic);this.unsaid.set(topic,text);}
speak(){this.find("live").textContent=[...this.unsaid.values()].slice(-3).join("\n");this.unsaid.clear();}
note(text){this.put("note",text);if(text)this.say(text);}}
function stateOf({uploads,running,counted}){if(!uploads.length)return"idle";if(running.length)return"running";const has=(state)=>counted.some((upload)=>upload.state===state);if(has("failed"))return"failed";if(has("paused"))return"paused";return counted.length&&counted.every(({state})=>state==="complete")?"complete":"waiting";}
Object.assign(window.ChunkedUploads,{View});})();
"use strict";(function(){const{describe}=window.ChunkedUploads;const CALLBACKS=new Set(["start","stop","error","complete"]);class Notices{constructor(root,texts){this.root=root;this.texts=texts;this.started=new Set();}
reportState(upload){const{state,failure,result}=upload;const error=failure?describe(failure,this.texts):{};if(state==="queued"&&!this.started.has(upload)){this.started.add(upload);this.dispatch("start",upload);}
if(state==="refused")this.dispatch("refuse",upload,error);if(state==="paused")this.dispatch("pause",upload);if(this.isError(upload))this.dispatch("error",upload,error);if(state==="complete"){this.dispatch("complete",upload,result);this.callBack("video_url",result.video_url);}
if(state==="cancelled")this.dispatch("cancel",upload);if(upload.isGoing||state==="cancelling")return;if(this.started.delete(upload))this.dispatch("stop",upload);}
isError(upload){const{state,failure}=upload;if(state==="refused")return this.started.has(upload);return Boolean(failure)&&["failed","missing"].includes(state);}
dispatch(name,upload,more={}){const detail=upload?{...more,...factsOf(upload)}:{};const event=new CustomEvent(`chunkeduploads:${name}`,{bubbles:true,detail});this.root.dispatchEvent(event);if(CALLBACKS.has(name))this.callBack(name,detail);}
callBack(name,value){const spellings=[`chunked_upload_${name}`,`chunked_uploads_${name}`];new Set(spellings.map((spelling)=>window[spelling])).forEach((callback)=>{if(typeof callback!=="function")return;try{callback(value);}catch(error){setTimeout(()=>{throw error;});}});}}
function factsOf(upload){const{file,path,state,name,size,held,sent,percent,timeLeft,speed,known}=upload;return{upload,file,path,state,name,total_size:size,size:held,sent,percent,speed,time_left:timeLeft,upload_uuid:known&&known.upload_uuid,};}
Object.assign(window.ChunkedUploads,{Notices});})();
"use strict";(function(){const MIB=1024*1024;const OPTIONS={chunkSize:8*MIB,filesInFlight:4,rangesInFlight:2,patience:45,};function optionsOf({dataset}){const options=Object.entries(OPTIONS).map(([name,usual])=>{const value=Number(dataset[name]);return[name,value>0?value:usual];});return Object.fromEntries(options);}
function siteOf(root){const{dataset}=root;const form=root.closest("form");const field=form&&form.elements.namedItem("csrfmiddlewaretoken");return{upload_url:dataset.uploadUrl,done_url:dataset.doneUrl,csrf_token:dataset.csrfToken||(field?field.value:""),csrf_cookie:dataset.csrfCookie,max_size:dataset.maxSize,extensions:dataset.extensions,query:dataset.query,};}
Object.assign(window.ChunkedUploads,{optionsOf,siteOf});})();
"use strict";(function(){const{ChunkSizer,Choosing,Digests,Notices,Queue}=window.ChunkedUploads;const{Server,Upload,View}=window.ChunkedUploads;const{fromList,keepShown,listen,optionsOf,siteOf}=window.ChunkedUploads;const TICK=500;const uploaders=window.ChunkedUploads.uploaders||new Set();class Uploader{constructor(root,send){this.root=root;this.options=optionsOf(root);this.server=new Server(siteOf(root));this.digests=new Digests(this.isSet("digests")?root.dataset.digestWorker:"");this.ticker=null;this.queue=new Queue({files:this.options.filesInFlight,ranges:this.options.rangesInFlight,everywhere:uploadsOfPage,});this.transport={send,digests:this.digests,sizer:new ChunkSizer(),options:this.options,maxInFlight:()=>this.queue.maxInFlight(),};this.view=new View(root,this.server.limits);this.notices=new Notices(root,this.view.texts);this.input=this.view.find("input");this.choosing=new Choosing(this);this.listening=new AbortController();this.askBeforeLeaving=this.askBeforeLeaving.bind(this);this.listenToVisitor();uploaders.add(this);if(this.isSet("showUnfinished"))this.showUnfinished();}
isSet(name){return this.root.dataset[name]!=="false";}
get uploads(){return[...this.queue.uploads];}
async add(files){await this.choosing.add(fromList(files));}
startAll(){this.each(["ready"],(upload)=>upload.start());}
resumeAll(){this.each(["paused","failed"],(upload)=>this.go(upload,"resume"));}
pauseAll(){this.choosing.hold();this.queue.waitingFirst.forEach((upload)=>upload.pause());}
cancelAll(){this.choosing.end();const uploads=this.queue.waitingFirst.filter(({state})=>state!=="missing");uploads.forEach((upload)=>upload.cancel());}
clear(){this.each(["complete","refused"],(upload)=>this.remove(upload));}
leave(){uploaders.delete(this);this.choosing.end();this.pauseAll();this.listening.abort();this.view.end();this.digests.end();}
each(states,act){this.uploads.filter(({state})=>states.includes(state)).forEach(act);}
listenToVisitor(){const{root,view}=this;const{signal}=this.listening;root.querySelectorAll("input[type=file]").forEach((input)=>{input.addEventListener("change",()=>{const files=fromList(input.files);input.value="";this.choosing.add(files);},{signal});});this.input.addEventListener("cancel",()=>this.choosing.forget(),{signal});listen(root,{add:(files)=>this.choosing.add(files),showDrag:(where)=>view.showDrag(where),signal,});const press=(event)=>{const button=event.target.closest("[data-action]");if(button&&event.detail<2)this.act(button);};root.addEventListener("click",press,{signal});const wake=()=>this.uploads.forEach((upload)=>upload.wake());window.addEventListener("online",wake,{signal});window.addEventListener("pagehide",()=>keepShown(uploadsOfPage()),{signal});window.addEventListener("focus",wake,{signal});}
act(button){const upload=this.view.uploadOf(button.closest(".chunked-uploads-row"));const{action}=button.dataset;if(!upload)this[action]();else if(action==="choose")this.choosing.askFor(upload);else if(action==="remove")this.remove(upload);else if(action==="pause"||action==="cancel")upload[action]();else this.go(upload,action);}
go(upload,action){if(action!=="start")this.notices.dispatch("resume",upload);upload.start();}
addUpload(origin,isToBegin=true){const upload=new Upload(origin,{server:this.server,transport:this.transport,others:()=>uploadsOfPage().filter((each)=>each!==upload),report:(change)=>this.handle(upload,change),chunkSize:this.options.chunkSize,});this.queue.add(upload);this.view.add(upload);const refusal=origin.file&&this.choosing.refusalOf(origin.file);if(refusal)upload.refuse(refusal);else if(origin.file&&isToBegin&&this.isSet("autoStart"))upload.start();else this.handle(upload,"state");}
async showUnfinished(){let listed;try{listed=await this.server.unfinished(new AbortController().signal);}catch(failure){return;}
const isHere=({name,total_size})=>uploadsOfPage().some((upload)=>upload.name===name&&upload.size===total_size);listed.filter((known)=>!isHere(known)).forEach((known)=>this.addUpload({known}));}
note(key,values){this.view.note(this.view.texts.text(key,values));}
remove(upload){this.removeFromList(upload);this.notices.dispatch("remove",upload);}
removeFromList(upload){this.queue.remove(upload);this.view.remove(upload);this.view.renderTotalSoon(this.queue);}
handle(upload,change){const{queue,view}=this;if(!queue.uploads.includes(upload))return;if(change==="progress"){view.renderSoon(upload,queue);if(!upload.isRunning)return;view.announceProgress(queue);this.notices.dispatch("progress",upload);return;}
if(upload.state==="cancelled")this.removeCancelled(upload);else view.render(upload);view.renderTotalSoon(queue);this.choosing.check(upload);view.announceState(upload,queue);this.notices.reportState(upload);uploaders.forEach((each)=>each.queue.startNext());this.watch(queue.running.length>0);}
removeCancelled(upload){this.removeFromList(upload);const key=upload.isKept?"cancelled-late":"cancelled";this.note(upload.failure?"cancelled-here":key,{name:upload.name});}
watch(isRunning){if(isRunning===Boolean(this.ticker))return;const act=isRunning?"addEventListener":"removeEventListener";window[act]("beforeunload",this.askBeforeLeaving);clearInterval(this.ticker);this.ticker=isRunning?setInterval(()=>this.tick(),TICK):null;if(!isRunning)this.notices.dispatch("idle",null);}
tick(){this.queue.running.forEach((upload)=>{upload.tick();this.view.renderSoon(upload,this.queue);});}
askBeforeLeaving(event){event.preventDefault();event.returnValue="";}}
function uploadsOfPage(){return[...uploaders].flatMap(({queue})=>queue.uploads);}
Object.assign(window.ChunkedUploads,{Uploader,uploaders});})();
"use strict";(function(){const{Uploader,uploaders}=window.ChunkedUploads;const $=window.jQuery.noConflict(true);if(!window.jQuery)window.jQuery=$;if(!window.$)window.$=$;const SETTINGS={dropZone:null,pasteZone:null,multipart:false,type:"POST",dataType:"json",};function makeUploader(root){const body=$(root).find(".chunked-uploads-body");body.fileupload({...SETTINGS,fileInput:$()});return new Uploader(root,(settings)=>body.fileupload("send",settings));}
const ROOT="[data-chunked-uploads]";function connect(place){place.querySelectorAll(ROOT).forEach((root)=>{if(root.chunkedUploads||root.closest(".empty-form"))return;root.chunkedUploads=makeUploader(root);root.chunkedUploads.notices.dispatch("ready",null);});}
function disconnect(){uploaders.forEach((uploader)=>{if(uploader.root.isConnected)return;uploader.leave();delete uploader.root.chunkedUploads;});}
$(()=>{connect(document);const observer=new MutationObserver((changes)=>{const added=changes.flatMap(({addedNodes})=>[...addedNodes]);added.filter((node)=>node.parentElement&&node.matches).filter((node)=>node.matches(ROOT)||node.querySelector(ROOT)).forEach((node)=>connect(node.parentElement));disconnect();});observer.observe(document.documentElement,{childList:true,subtree:true});});})();
"use strict";(function(){class Guard{constructor(form){this.form=form;this.fields=new Set();this.isWaiting=false;this.submitter=null;form.addEventListener("submit",(event)=>this.check(event),true);form.addEventListener("reset",(event)=>{setTimeout(()=>event.defaultPrevented||this.reset());});}
add(field){this.fields.add(field);}
remove(field){this.fields.delete(field);this.sendWhenReady();}
reset(){this.fields.forEach((field)=>field.empty());this.stopWaiting();}
get running(){return[...this.fields].filter((field)=>field.isRunning);}
get isCancelling(){const uploads=[...this.fields].flatMap(({uploader})=>uploader.uploads);return uploads.some(({state})=>state==="cancelling");}
showProblems(isLenient){let first=null;this.fields.forEach((field)=>{const problem=field.problem(isLenient);field.showMessage(problem);if(problem&&!first)first=field;});return first;}
check(event){const{submitter}=event;const isLenient=this.form.noValidate||Boolean(submitter&&submitter.formNoValidate);const wrong=this.showProblems(isLenient);const{running}=this;this.isWaiting=!wrong&&running.length>0;if(!wrong&&!this.isWaiting)return;event.preventDefault();event.stopImmediatePropagation();if(wrong){wrong.focus();return;}
this.submitter=submitter;running.forEach((field)=>field.showMessage("waiting"));}
sendWhenReady(){if(!this.isWaiting||this.isCancelling)return;if(this.showProblems(true)){this.isWaiting=false;return;}
this.running.forEach((field)=>field.showMessage("waiting"));if(this.running.length)return;this.isWaiting=false;setTimeout(()=>this.send());}
send(){const{form,submitter}=this;const isThere=submitter&&submitter.isConnected&&submitter.form===form;form.requestSubmit(isThere?submitter:null);}
stopWaiting(){this.isWaiting=false;this.fields.forEach((field)=>field.showMessage(""));}}
const guards=new WeakMap();function guardOf(form){if(form&&!guards.has(form))guards.set(form,new Guard(form));return form?guards.get(form):null;}
Object.assign(window.ChunkedUploads,{guardOf});})();
"use strict";(function(){if(window.ChunkedUploads.Field)return;const{guardOf}=window.ChunkedUploads;const EVENTS=["start","stop","progress","refuse","remove","cancel","idle"];const WITHDRAWN=new Set(["remove","cancel"]);const MOVED=["id","accept","aria-describedby","aria-invalid"];class Field{constructor(element){this.element=element;this.root=element.querySelector("[data-chunked-uploads]");this.plain=element.querySelector("input[type=file][name]");this.claim=element.querySelector("input[type=hidden]");this.kept=element.querySelector(".chunked-uploads-field-kept");this.notice=element.querySelector(".chunked-uploads-field-told");this.texts=element.querySelector(".chunked-uploads-field-messages").content;this.uploader=this.root.chunkedUploads;this.isRequired=this.plain.required;this.hasUpload=false;this.message="";this.guard=guardOf(this.plain.form);this.listening=new AbortController();this.replacePlain();}
replacePlain(){const{plain,root}=this;const input=root.querySelector(".chunked-uploads-input");MOVED.filter((name)=>plain.hasAttribute(name)).forEach((name)=>{input.setAttribute(name,plain.getAttribute(name));plain.removeAttribute(name);});const chosen=[...plain.files];plain.value="";plain.hidden=plain.disabled=true;if(this.guard)this.guard.add(this);const{signal}=this.listening;EVENTS.forEach((name)=>{root.addEventListener(`chunkeduploads:${name}`,()=>this.update(name),{signal});});if(chosen.length)this.uploader.add(chosen);else this.update("ready");}
get upload(){return this.uploader.uploads.filter(({isCancelled})=>!isCancelled).pop()||null;}
get isRunning(){return this.upload!==null&&this.upload.isGoing;}
problem(isLenient){const{upload}=this;if(this.element.matches("fieldset:disabled *"))return"";if(!upload)return this.isMissing&&!isLenient?"missing":"";if(upload.state==="complete"||this.isRunning)return"";return upload.state==="refused"?"refused":"stopped";}
get isMissing(){return this.isRequired&&!(this.kept&&this.kept.checked);}
update(event){const{upload}=this;const isComplete=upload!==null&&upload.state==="complete";this.claim.value=isComplete?claimOf(upload):"";this.claim.disabled=!isComplete;this.setHasUpload(upload!==null);if(!this.guard||!this.element.isConnected)return;if(!this.guard.isWaiting&&this.message!==this.problem())this.showMessage("");if(WITHDRAWN.has(event)&&!upload)this.guard.stopWaiting();else this.guard.sendWhenReady();}
setHasUpload(hasUpload){if(hasUpload===this.hasUpload)return;this.hasUpload=hasUpload;if(!this.kept)return;this.kept.checked=!hasUpload;this.kept.closest("p").hidden=hasUpload;}
showMessage(name){this.message=name;const message=name&&this.texts.querySelector(`[data-message="${name}"]`);this.notice.textContent=message?message.textContent:"";this.notice.hidden=!message;}
focus(){const row=this.root.querySelector(".chunked-uploads-row button:not([hidden])");(row||this.root.querySelector(".chunked-uploads-input")).focus();}
empty(){this.showMessage("");this.uploader.cancelAll();this.uploader.clear();}
leave(){const{guard}=this;this.guard=null;this.empty();this.listening.abort();if(guard)guard.remove(this);}}
function claimOf({known}){return`${known.upload_uuid}:${new URL(known.url).searchParams.get("token")}`;}
const fields=new Set();function connect(root){const element=root.closest("[data-chunked-uploads-field]");if(!element||element.chunkedUploadsField)return;element.chunkedUploadsField=new Field(element);fields.add(element.chunkedUploadsField);}
document.addEventListener("chunkeduploads:ready",(event)=>connect(event.target));new MutationObserver(()=>{fields.forEach((field)=>{if(field.element.isConnected)return;fields.delete(field);field.leave();delete field.element.chunkedUploadsField;});}).observe(document.documentElement,{childList:true,subtree:true});Object.assign(window.ChunkedUploads,{Field});})();
