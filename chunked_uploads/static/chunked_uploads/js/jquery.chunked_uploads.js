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
"use strict";(function(){const UNITS=["byte","kilobyte","megabyte","gigabyte","terabyte"];function scale(count,power=powerOf(count)){const value=count/1000**power;const isFine=power>2?value<99.95:power>0&&value<9.95;return{value,unit:UNITS[power],digits:isFine?1:0};}
function powerOf(count){let power=0;while(count/1000**power>=999.5&&power<UNITS.length-1)power+=1;return power;}
class Formatter{constructor(language){this.language=language||undefined;this.formats=new Map();}
number(value,options){const key=JSON.stringify(options);if(!this.formats.has(key)){this.formats.set(key,new Intl.NumberFormat(this.language,options));}
return this.formats.get(key).format(value).replace(/ /g,"\u00a0").replace("/","/\u2060");}
bytes(count){const{value,unit,digits}=scale(count);return this.quantity(value,unit,digits,unit==="byte"?"long":"short");}
part(count,total){const{value}=scale(count,powerOf(total));const{digits}=scale(total);return this.number(value,{minimumFractionDigits:digits,maximumFractionDigits:digits});}
speed(count){const{value,unit,digits}=scale(count);return this.quantity(value,`${unit}-per-second`,digits,"short");}
quantity(value,unit,digits,unitDisplay){return this.number(value,{style:"unit",unit,unitDisplay,minimumFractionDigits:digits,maximumFractionDigits:digits,});}
percent(count){return this.number(count/100,{style:"percent"});}
unit(value,unit){return this.number(value,{style:"unit",unit,unitDisplay:"short"});}
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
class FileRefused extends Error{constructor(key,values,sentence=""){super(key);this.key=key;this.values=values;this.sentence=sentence;}}
window.ChunkedUploads=Object.assign(window.ChunkedUploads||{},{FileChanged,FileRefused,OtherContent,RequestFailed,failureOf,parseList,});})();
"use strict";(function(){const{FileChanged,fingerprint}=window.ChunkedUploads;function randomDigits(){const[number]=window.crypto.getRandomValues(new Uint32Array(1));return number.toString(16).padStart(8,"0");}
class Source{constructor(file,path,handle=null){this.file=file;this.handle=handle;this.path=path;this.isUnverified=file===null;this.isConfirmed=false;this.content=null;this.salt="";}
get fingerprint(){const{content,salt}=this;return content&&content.slice(0,content.length-salt.length)+salt;}
replace({file,path="",handle=null},isConfirmed){this.file=file;this.path=path;this.handle=handle;this.isConfirmed=isConfirmed;}
lose(){this.file=this.handle=null;this.isUnverified=true;}
verify(){this.isUnverified=false;}
addSalt(){this.salt=randomDigits();}
async check(){let current;try{current=await fingerprint(this.file);}catch(error){throw new FileChanged(error.message);}
const isOther=this.content!==null&&this.content!==current;if(isOther&&!this.isUnverified)throw new FileChanged();this.content=current;}}
Object.assign(window.ChunkedUploads,{Source});})();
"use strict";(function(){const{RequestFailed,parseList}=window.ChunkedUploads;const NIL_UUID="00000000-0000-0000-0000-000000000000";const SMALLEST_CHUNK=64*1024;const USUAL_LIMIT=1024*1024;const MAX_METADATA=4096;const TIMEOUT=45;const TIMEOUT_OF_DONE=600;function toQuery(url,parameters){const target=new URL(url,document.baseURI);new URLSearchParams(parameters).forEach((value,name)=>{target.searchParams.set(name,value);});return target;}
function metadataOf(values){const metadata=JSON.stringify(values);const isKept=new TextEncoder().encode(metadata).length<=MAX_METADATA;return Object.keys(values).length&&isKept?{metadata}:{};}
function isOtherOrigin(url){return new URL(url).origin!==window.location.origin;}
function toBytes(text){return String.fromCharCode(...new TextEncoder().encode(text));}
class Server{constructor(site){this.site=site;this.credentials=null;this.hasLetIn=false;this.largestChunk=Infinity;}
get endpoints(){return{...this.site,...window.chunked_uploads_endpoints};}
get limits(){const page=window.chunked_uploads_endpoints;const{max_size,max_files,accept,extensions}=page&&page.upload_url?page:this.site;const told=accept||extensions||"";const listed=Array.isArray(told)?told:told.split(",");const tokens=listed.map((each)=>each.trim().toLowerCase()).filter(Boolean);return{maxSize:Number(max_size)||Infinity,maxFiles:Number(max_files)||Infinity,accept:tokens.map((each)=>(/^\.|\//.test(each)?each:`.${each}`)),};}
get canRenewCredentials(){return typeof this.endpoints.authentication==="function";}
async authenticate(anew=false){if(this.credentials&&!anew)return;const{authentication}=this.endpoints;try{this.credentials=this.canRenewCredentials?(await authentication())||{}:{};}catch(error){throw new RequestFailed(navigator.onLine?401:0);}}
async renewAccess(){if(!this.canRenewCredentials)return this.renewCsrfToken();return this.authenticate(true).then(()=>true,()=>false,);}
renewCsrfToken(){const{csrf_cookie,csrf_token}=this.site;const cookies=document.cookie.split("; ").map((cookie)=>cookie.split("="));const found=cookies.find(([name])=>name===csrf_cookie);if(!found||found[1]===csrf_token)return false;this.site.csrf_token=found[1];return true;}
shrinkChunks(size){if(size<=SMALLEST_CHUNK)return false;const half=Math.max(SMALLEST_CHUNK,Math.floor(size/2));const smaller=size>USUAL_LIMIT?Math.min(half,USUAL_LIMIT):half;this.largestChunk=Math.min(this.largestChunk,smaller);return true;}
withCredentials(url){const{username,api_key,timestamp,signature}={...this.endpoints,...this.credentials,};const request=this.plain(url);if(api_key&&signature){request.headers.Authorization=`Query ${api_key}:${timestamp}:${signature}`;}else if(api_key){request.headers.Authorization=`ApiKey ${toBytes(username)}:${api_key}`;}else{request.withCookies=isOtherOrigin(request.url);}
return request;}
plain(url){const target=new URL(url,document.baseURI);const{csrf_token}=this.site;const headers={};if(csrf_token&&!isOtherOrigin(target))headers["X-CSRFToken"]=csrf_token;return{url:target.href,headers,withCookies:false};}
chunkRequest({known,fingerprint,metadata}){if(known)return this.plain(known.url);const url=toQuery(this.endpoints.upload_url,this.site.query);return this.withCredentials(toQuery(url,{fingerprint,...metadataOf(metadata)}));}
async state(known,signal){return(await this.send("GET",this.plain(known.url),signal))[0];}
async stateAtRest(known,wait,signal){return this.state({url:toQuery(known.url,{wait})},signal);}
matching(file,fingerprint,signal){return this.list({filename:file.name,filesize:file.size,fingerprint},signal,);}
unfinished(signal){return this.list({all:1},signal);}
async list(question,signal){await this.authenticate();const url=toQuery(toQuery(this.endpoints.upload_url,"for_form=0"),this.site.query);const answers=await this.send("GET",this.withCredentials(toQuery(url,question)),signal);this.hasLetIn=true;return answers;}
async finish(known,signal){await this.authenticate();const request=known.done_url?this.plain(known.done_url):this.withCredentials(this.endpoints.done_url.replace(NIL_UUID,known.upload_uuid),);return(await this.send("POST",request,signal,TIMEOUT_OF_DONE))[0]||{};}
async remove(known,signal){await this.send("DELETE",this.plain(known.delete_url),signal);}
removeInHaste(known){const{url,headers}=this.plain(known.delete_url);fetch(url,{method:"DELETE",headers,keepalive:true}).catch(()=>{});}
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
get isSmallAndNew(){const{maxChunkSize,progress,server,size}=this.upload;return server.hasLetIn&&!progress.known&&!progress.hasBegun&&size<=maxChunkSize;}
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
"use strict";(function(){const{Advancing,FileChanged,FileRefused,OtherContent,Progress}=window.ChunkedUploads;const{Retrying,Source,cancelOnServer,findByFile,recallShown}=window.ChunkedUploads;const MAX_CANCEL_ATTEMPTS=5;const RUNNING=new Set(["checking","uploading","waiting","finishing"]);const IDLE=new Set(["ready","paused","failed"]);const FINISHED=new Set(["complete","refused"]);const CANCELLED=new Set(["cancelling","cancelled"]);class Upload{constructor({file=null,path="",known=null,finished=null,handle=null},{server,transport,others,report,chunkSize},){this.server=server;this.transport=transport;this.others=others;this.report=report;this.chunkSize=chunkSize;const{name,size}=file||finished||{name:known.name,size:known.total_size};this.name=name;this.size=size;this.state=finished?"complete":file?"ready":"missing";this.failure=null;this.result=finished;this.metadata=path?{relativePath:path}:{};this.goneOn=null;this.isKept=false;this.source=new Source(file,path,handle);this.progress=new Progress(this.size,known,known?recallShown(known):0);this.retrying=new Retrying(server,(failure)=>this.wait(failure));this.advancing=new Advancing(this);this.controller=new AbortController();}
get isRunning(){return RUNNING.has(this.state);}
get isIdle(){return IDLE.has(this.state);}
get isGoing(){return this.isRunning||this.state==="queued";}
get isFinished(){return FINISHED.has(this.state);}
get isCancelled(){return CANCELLED.has(this.state);}
get file(){return this.source.file;}
get handle(){return this.source.handle;}
get path(){return this.source.path;}
get known(){return this.progress.known;}
get held(){return this.progress.held;}
get sent(){return this.progress.sent;}
get percent(){return this.state==="complete"?100:this.progress.percent;}
get speed(){return this.state==="uploading"?this.progress.speed:null;}
get timeLeft(){const{speed}=this;return speed?(this.size-this.sent)/speed:null;}
get retryAt(){return this.retrying.retryAt;}
start(){if(!this.isIdle)return;this.interrupt();this.setState("queued");}
refuse(refusal){const isSentence=typeof refusal==="string";this.interrupt();this.setState("refused",isSentence?new FileRefused("own",{},refusal):refusal);}
attach(origin,{isConfirmed=false,isToStart=true}={}){this.source.replace(origin,isConfirmed);this.setState(isToStart?"queued":"ready");}
async pause(){if(!this.isGoing)return;const signal=this.interrupt();this.setState("paused");try{if(this.known&&!this.progress.isAllThere)await this.advancing.askWhereToGoOn(signal);}catch(failure){}
if(signal.aborted)return;this.setSent(Math.min(this.sent,this.progress.received));}
withdraw(){if(this.isFinished||this.isCancelled)return;const{failure,isGoing,state}=this;this.interrupt();this.goneOn=()=>this.setState(isGoing?"queued":state,failure);this.setState("cancelling");}
restore(){const{goneOn}=this;this.goneOn=null;if(goneOn)goneOn();}
cancelInHaste(){if(this.known)this.server.removeInHaste(this.known);}
async cancel(){if(this.isFinished||(this.isCancelled&&!this.goneOn))return;this.goneOn=null;const signal=this.interrupt();this.setState("cancelling");let failure=null;const attempt=async()=>{if(!this.known&&this.progress.hasBegun){this.progress.find(await findByFile(this,signal));}
return cancelOnServer(this.progress,this.server,signal);};try{this.isKept=await this.retrying.repeat(attempt,signal,MAX_CANCEL_ATTEMPTS);}catch(error){failure=error;}
this.setState("cancelled",failure);}
wake(){if(this.state==="waiting"&&[0,401].includes(this.failure.status)){this.retrying.endWaiting();}}
wait(failure){if(this.state!=="cancelling")this.setState("waiting",failure);}
async run(){const signal=this.interrupt();try{this.result=await this.retrying.repeat(()=>this.advancing.run(signal),signal);if(signal.aborted)return;this.progress.complete();this.setState("complete");}catch(failure){if(!signal.aborted)this.fail(failure);}}
fail(failure){if(failure.isOfOtherFile||failure.isOfWholeFile)this.progress.reset();if(failure.isOfOtherFile)this.source.addSalt();if(failure.isOfWholeFile){this.refuse(failure);return;}
const isFileLost=failure instanceof FileChanged&&this.known!==null;if(isFileLost||failure instanceof OtherContent)this.source.lose();this.setState(this.file?"failed":"missing",failure);}
get maxChunkSize(){return Math.min(this.chunkSize,this.server.largestChunk,this.transport.sizer.largest);}
chunkRequest(){const{known,metadata,source}=this;return this.server.chunkRequest({known,metadata,fingerprint:source.fingerprint});}
learn(answer){if(answer.size>this.progress.furthest)this.retrying.reset();this.progress.learn(answer);if(answer.chunk_size>0)this.chunkSize=answer.chunk_size;}
setSent(bytes){this.progress.noteSent(bytes);this.report("progress");}
tick(){this.advancing.tick();}
interrupt(){this.controller.abort();this.advancing.interrupt();this.controller=new AbortController();return this.controller.signal;}
setState(state,failure=null){this.state=state;this.failure=failure;this.report("state");}}
Object.assign(window.ChunkedUploads,{Upload});})();
"use strict";(function(){class Register{constructor(){this.states=new Map();this.uploads=new Map();this.sizes=new Map();}
note(upload){const{state}=upload;if(this.states.get(upload)===state)return;this.drop(upload);this.states.set(upload,state);if(!this.uploads.has(state))this.uploads.set(state,new Set());this.uploads.get(state).add(upload);this.sizes.set(state,(this.sizes.get(state)||0)+upload.size);}
drop(upload){const state=this.states.get(upload);if(!state)return;this.uploads.get(state).delete(upload);this.sizes.set(state,this.sizes.get(state)-upload.size);this.states.delete(upload);}
has(upload){return this.states.has(upload);}
count(...states){const sizes=states.map((state)=>(this.uploads.has(state)?this.uploads.get(state).size:0));return sizes.reduce((sum,size)=>sum+size,0);}
list(...states){return states.flatMap((state)=>[...(this.uploads.get(state)||[])]);}
size(state){return this.sizes.get(state)||0;}}
Object.assign(window.ChunkedUploads,{Register});})();
"use strict";(function(){const MAX_NAME=500;const MAX_EXTENSION=50;const FRESH=60_000;const CLUTTER=new Set([".ds_store","thumbs.db","desktop.ini","icon\r"]);let lastTime="";let count=0;function keptName(name){const last=name.replace(/\\/g,"/").split("/").pop();const clean=last.replace(/[\p{Cc}\p{Cs}]/gu,"").replace(/^\p{Z}+|\p{Z}+$/gu,"");if(clean.length<=MAX_NAME)return clean;const characters=[...clean];if(characters.length<=MAX_NAME)return clean;const dot=characters.lastIndexOf(".");const tail=dot>0?characters.slice(dot).slice(-MAX_EXTENSION):[];return[...characters.slice(0,MAX_NAME-tail.length),...tail].join("");}
const keys=new WeakMap();function keyOf(named){if(!keys.has(named))keys.set(named,`${named.size} ${keptName(named.name)}`);return keys.get(named);}
function withOwnName(file){const{name,type,lastModified}=file;const[,extension]=/^image(\.\w+)$/i.exec(name)||[];const now=Date.now();if(!extension||now-lastModified>FRESH)return file;const here=new Date(now);here.setMinutes(here.getMinutes()-here.getTimezoneOffset());const time=here.toISOString().slice(0,19).replace(/[T:]/g,"-");count=time===lastTime?count+1:1;lastTime=time;const number=count>1?`-${count}`:"";return new File([file],`image-${time}${number}${extension}`,{type,lastModified});}
function withoutClutter(found){const places=found.map(({file,path})=>path||file.name);const all=new Set(places);return found.filter(({path},i)=>{if(!path&&found.length===1)return true;const[,folder,name]=/^(.*\/)?(.*)$/s.exec(places[i]);if(CLUTTER.has(name.toLowerCase()))return false;return!(name.startsWith("._")&&all.has((folder||"")+name.slice(2)));});}
Object.assign(window.ChunkedUploads,{keptName,keyOf,withOwnName,withoutClutter});})();
"use strict";(function(){const{Register,SpeedMeter,keyOf}=window.ChunkedUploads;const MAX_REQUESTS=4;const RUNNING=["checking","uploading","waiting","finishing"];const BEGUN=[...RUNNING,"ready","queued","paused","failed"];class Queue{constructor({files,ranges,everywhere}){this.files=files;this.ranges=ranges;this.everywhere=everywhere;this.register=new Register();this.added=new Set();this.names=new Map();this.sent=new Map();this.moved=0;this.meter=new SpeedMeter();this.busy=0;this.began=null;}
get uploads(){return[...this.added];}
get running(){return this.register.list(...RUNNING);}
get isRunning(){return this.register.count(...RUNNING)>0;}
get counted(){return this.register.list(...BEGUN,"complete");}
get waitingFirst(){return this.uploads.sort((one,other)=>one.isRunning-other.isRunning);}
add(upload){this.added.add(upload);const key=keyOf(upload);if(!this.names.has(key))this.names.set(key,new Set());this.names.get(key).add(upload);}
remove(upload){this.added.delete(upload);this.names.get(keyOf(upload)).delete(upload);this.register.drop(upload);if(!this.added.size)this.beginAnew();}
has(upload){return this.added.has(upload);}
named(file){return[...(this.names.get(keyOf(file))||[])];}
note(upload){this.register.note(upload);const{isRunning}=this;if(isRunning&&this.began===null){this.began=performance.now();this.meter.reset(this.moved);}else if(!isRunning&&this.began!==null){this.busy+=performance.now()-this.began;this.began=null;}
this.noteSent(upload);}
noteSent(upload){const before=this.sent.get(upload);const isSent=upload.state==="uploading";if(before!==undefined&&(isSent||upload.sent===upload.size)){this.moved+=Math.max(0,upload.sent-before);this.meter.add(this.moved);}
if(isSent)this.sent.set(upload,upload.sent);else this.sent.delete(upload);}
beginAnew(){this.busy=this.moved=0;this.began=null;}
startNext(){if(this.register.count(...RUNNING)>=this.files)return;for(const upload of this.register.list("queued")){if(upload.state!=="queued"||this.hasTwin(upload))continue;upload.run();if(this.register.count(...RUNNING)>=this.files)return;}}
hasTwin(upload){return this.everywhere().some((queue)=>queue.named(upload).some((each)=>each.isRunning));}
maxInFlight(){const running=this.everywhere().reduce((sum,{register})=>sum+register.count(...RUNNING),0,);const share=Math.floor(MAX_REQUESTS/Math.max(1,running));return Math.max(1,Math.min(this.ranges,share));}
get shown(){return this.added.size-this.register.count("cancelling");}
get failed(){return this.register.list("failed");}
get completeness(){const{register}=this;const complete=register.count("complete");return{complete,count:complete+register.count(...BEGUN)};}
total(){const{register}=this;const begun=register.list(...BEGUN);const{complete,count}=this.completeness;const done=register.size("complete");const size=done+begun.reduce((sum,each)=>sum+each.size,0);const sent=done+begun.reduce((sum,{progress})=>sum+progress.shown.bytes,0);const going=register.list(...RUNNING,"queued");const rest=going.reduce((sum,each)=>sum+each.size-each.sent,0);const speed=this.isRunning?this.meter.speed()||null:null;const share=size?Math.min(99,Math.floor((sent*100)/size)):0;return{count,complete,failed:register.count("failed"),refused:register.count("refused"),isGoing:going.length>0,paused:register.count("paused"),ready:register.count("ready"),isResting:register.count("paused","ready")>0,size,sent,done,speed,timeLeft:speed?rest/speed:null,seconds:(this.busy+(this.began===null?0:performance.now()-this.began))/1000,percent:begun.length||!count?share:100,};}}
Object.assign(window.ChunkedUploads,{Queue});})();
"use strict";(function(){const EXTENSIONS={pdf:"pdf",video:"3gp avi flv m2ts m4v mkv mov mp4 mpeg mpg mts mxf ogv ts webm wmv",audio:"aac aif aiff amr flac m4a mid mp3 oga ogg opus wav wma",image:"ai arw avif bmp cr2 cr3 dng eps gif heic heif ico jpeg jpg jxl nef png psd raw svg tif tiff webp",archive:"7z apk bz2 cab deb dmg gz iso jar rar rpm tar tbz tgz txz xz zip zst",document:"csv doc docx epub key md numbers odp ods odt pages ppt pptx rtf tex tsv txt xls xlsm xlsx",code:"c cc cpp cs css go h hpp htm html ini ipynb java js json jsx kt lua mjs php pl py r rb rs scss "+"sh sql swift toml tsx vue xml yaml yml",};const KINDS=new Map();Object.entries(EXTENSIONS).forEach(([kind,names])=>{names.split(" ").forEach((name)=>KINDS.set(name,kind));});const MIMES=[[/^(video|audio|image)\//,null],[/\/pdf$/,"pdf"],[/zip|tar$|compressed|archive/,"archive"],[/word|excel|powerpoint|office|opendocument|epub|rtf|^text\/(plain|csv|markdown)/,"document"],[/^text\/|json|xml|script/,"code"],];function typeOf(name,mime=""){const[,extension=""]=/\.(\w+)$/.exec(name)||[];const known=KINDS.get(extension.toLowerCase());if(known)return known;const type=mime.toLowerCase();const[pattern,kind]=MIMES.find(([each])=>each.test(type))||[null,"other"];return kind||pattern.exec(type)[1];}
Object.assign(window.ChunkedUploads,{typeOf});})();
"use strict";(function(){const{FileRefused,typeOf}=window.ChunkedUploads;const MEDIA=["image","video","audio"];const UNKNOWN=new Set(["","application/octet-stream"]);const lower=(text)=>text.toLowerCase();const majorOf=(token)=>token.split("/")[0];function refusalOf(file,{maxSize,accept},texts){if(file.size>maxSize){return new FileRefused("too-large",{size:texts.format.bytes(maxSize)});}
if(!isAccepted(file,accept)){return new FileRefused("wrong-type",{types:texts.tokens(accept)});}
return null;}
function isAccepted({name,type=""},accept){return!accept.length||accept.some((token)=>fits(lower(token),lower(name),lower(type)));}
function fits(token,name,type){if(!token.includes("/"))return name.endsWith(token);const[major,minor]=token.split("/");const isOfAny=minor==="*";if(isOfAny?majorOf(type)===major:type===token)return true;if(name.endsWith(`.${minor.replace("x-", "")}`))return true;const kind=typeOf(name);if(isOfAny&&kind===major)return true;if(!UNKNOWN.has(type))return false;const isOfMedia=MEDIA.includes(kind)||MEDIA.includes(major);return!isOfMedia||kind===major||kind==="other";}
function mediaOf(accept){if(!accept.length)return["image/*","video/*"];const kinds=accept.map(lower).map((token)=>(token.includes("/")?majorOf(token):typeOf(token)));return["image","video"].filter((kind)=>kinds.includes(kind)).map((kind)=>`${kind}/*`);}
function pickerTypes(accept){const types={};for(const token of accept.map(lower)){if(token.includes("/"))types[token]=types[token]||[];else(types["application/x-files"]=types["application/x-files"]||[]).push(token);}
const isSayable=(token)=>token.includes("/")||/^\.[a-z0-9+.]{0,14}[a-z0-9+]$/.test(token);if(!accept.map(lower).every(isSayable))return null;return accept.length?[{accept:types}]:[];}
Object.assign(window.ChunkedUploads,{mediaOf,pickerTypes,refusalOf});})();
"use strict";(function(){function fromList(files){return[...files].map((file)=>({file,path:file.webkitRelativePath||""}));}
async function fromTransfer(transfer){const items=filesOf(transfer);const dropped=items.map((item)=>{const entry=item.webkitGetAsEntry?item.webkitGetAsEntry():null;return{entry,file:item.getAsFile(),handling:handleOf(item,entry)};});const found=await Promise.all(dropped.map(async({entry,file,handling})=>entry&&entry.isDirectory?fromFolder(entry):[{file,path:file?"":entry?entry.name:"",handle:await handling}],),);return found.flat();}
function filesOf(transfer){return[...transfer.items].filter(({kind})=>kind==="file");}
async function handleOf(item,entry){if(!entry||entry.isDirectory||!item.getAsFileSystemHandle)return null;return item.getAsFileSystemHandle().catch(()=>null);}
async function fromFolder(folder){const path=folder.fullPath.slice(1);const entries=await entriesOf(folder);if(!entries)return[{file:null,path}];const found=[];for(const entry of entries){if(entry.isDirectory)(await fromFolder(entry)).forEach((each)=>found.push(each));else found.push({file:await fileOf(entry),path:`${path}/${entry.name}`});}
return found;}
async function entriesOf(folder){const reader=folder.createReader();const entries=[];for(;;){const some=await new Promise((resolve)=>reader.readEntries(resolve,()=>resolve(null)));if(!some)return null;if(!some.length)return entries;entries.push(...some);}}
function fileOf(entry){return new Promise((resolve)=>entry.file(resolve,()=>resolve(null)));}
async function fromHandle(handle){const file=await handle.getFile().catch(()=>null);return{file,path:file?"":handle.name,handle};}
Object.assign(window.ChunkedUploads,{filesOf,fromHandle,fromList,fromTransfer});})();
"use strict";(function(){const{filesOf,fromList,fromTransfer,withOwnName}=window.ChunkedUploads;const ENDS_AFTER=700;const LEAVES_AFTER=100;const EDITABLE="input, textarea, select, [contenteditable]";const isFirst=!window.ChunkedUploads.takers;const takers=window.ChunkedUploads.takers||new Map();let timer=null;let shown=null;let isFromPage=false;function listen(root,{add,showDrag,signal}){takers.set(root,{add,showDrag});signal.addEventListener("abort",()=>{if(shown===root)end();takers.delete(root);});}
function hear(){const on=(name,act,isCapturing=false)=>{const listener=(event)=>{const{types=[]}=event.dataTransfer||event.clipboardData||{};if(takers.size&&!isFromPage&&[...types].includes("Files"))act(event);};window.addEventListener(name,listener,isCapturing);};on("dragover",follow);on("dragleave",({relatedTarget})=>relatedTarget||endAfter(LEAVES_AFTER));on("drop",end,true);on("drop",take);on("paste",paste);const note=(isFrom)=>()=>{isFromPage=isFrom;};window.addEventListener("dragstart",note(true),true);["dragend","pointerdown"].forEach((name)=>window.addEventListener(name,note(false),true));}
function follow(event){endAfter(ENDS_AFTER);const root=elementAt(event).isContentEditable?undefined:rootFor(event);show(root||null,filesOf(event.dataTransfer).length);if(root===undefined)return;event.preventDefault();event.dataTransfer.dropEffect=root?"copy":"none";}
async function take(event){const root=rootFor(event);if(root===undefined)return;event.preventDefault();if(!root)return;const{add}=takers.get(root);add(await fromTransfer(event.dataTransfer));}
function paste(event){if(event.defaultPrevented)return;const element=elementAt(event);const root=rootAt(element)||(element.closest(EDITABLE)?null:firstRoot());if(!root||!isUsable(root))return;event.preventDefault();const found=fromList(event.clipboardData.files);takers.get(root).add(found.map(({file,path})=>({file:withOwnName(file),path})));}
function rootFor(event){const element=elementAt(event);const root=rootAt(element);if(root)return isUsable(root)?root:null;if(event.defaultPrevented||element.closest("input[type=file]"))return undefined;return firstRoot();}
function elementAt({target}){return target instanceof Element?target:target.parentElement||document.body;}
function rootAt(element){return[...takers.keys()].find((root)=>root.contains(element));}
function firstRoot(){const isBefore=(one,other)=>one.compareDocumentPosition(other)&Node.DOCUMENT_POSITION_FOLLOWING;const usable=[...takers.keys()].filter(isUsable);return usable.sort((one,other)=>(isBefore(one,other)?-1:1))[0]||null;}
function isUsable(root){const dialog=openDialog();return(root.getClientRects().length>0&&!root.matches("[inert], [inert] *, fieldset:disabled *")&&(!dialog||dialog.contains(root)));}
function openDialog(){try{return[...document.querySelectorAll("dialog:modal")].pop();}catch(error){return null;}}
function show(root,count){if(root===shown)return;if(shown)takers.get(shown).showDrag(null);shown=root;if(root)takers.get(root).showDrag({count});}
function end(){clearTimeout(timer);show(null);}
function endAfter(wait){clearTimeout(timer);timer=setTimeout(end,wait);}
if(isFirst)hear();Object.assign(window.ChunkedUploads,{listen,takers});})();
"use strict";(function(){const{fromHandle,mediaOf,pickerTypes}=window.ChunkedUploads;const ID="chunked-uploads";class Picking{constructor(uploader){this.uploader=uploader;}
async choose(){const{accept}=this.uploader.limits;const types=pickerTypes(accept);if(!types||!this.hasPicker)return this.open("input",accept);try{const multiple=this.uploader.isSet("multiple");const handles=await window.showOpenFilePicker({id:ID,multiple,types});return await Promise.all(handles.map(fromHandle));}catch(error){return error.name==="AbortError"?[]:this.open("input",accept);}}
get hasPicker(){const isByFinger=this.uploader.root.dataset.pointer==="coarse";return"showOpenFilePicker"in window&&window.self===window.top&&!isByFinger;}
chooseMedia(isNew){const{accept}=this.uploader.limits;const media=mediaOf(accept);this.open(isNew?"camera-input":"input",media.length?media:accept);}
open(name,accept){const input=this.uploader.root.querySelector(`.chunked-uploads-${name}`);input.accept=accept.join(",");input.click();return null;}}
Object.assign(window.ChunkedUploads,{Picking});})();
"use strict";(function(){const NAME="chunked-uploads";const STORE="handles";const KEPT=7*24*60*60*1000;const READ={mode:"read"};const kept=new WeakMap();const stored=new Set();let opening=null;let isTidy=false;function hasHandles(){const{FileSystemFileHandle}=window;return Boolean(FileSystemFileHandle&&FileSystemFileHandle.prototype.requestPermission);}
function openDatabase(){return new Promise((resolve,reject)=>{const request=window.indexedDB.open(NAME,1);request.onupgradeneeded=()=>request.result.createObjectStore(STORE);request.onerror=()=>reject(request.error);request.onsuccess=()=>{const database=request.result;database.onversionchange=()=>database.close();resolve(database);};});}
async function ask(mode,act){if(!hasHandles())return null;try{if(!opening)opening=openDatabase();const transaction=(await opening).transaction(STORE,mode);return await new Promise((resolve,reject)=>{const request=act(transaction.objectStore(STORE));transaction.oncomplete=()=>resolve(request.result);transaction.onabort=()=>reject(transaction.error);});}catch(error){return null;}}
async function removeOld(){if(isTidy)return;isTidy=true;const limit=Date.now()-KEPT;await ask("readwrite",(store)=>{const request=store.openCursor();request.onsuccess=()=>{const cursor=request.result;if(!cursor)return;if(!(cursor.value.at>limit))cursor.delete();cursor.continue();};return request;});}
async function keepHandle(upload){const{handle,held,known,name,size}=upload;const uuid=known&&known.upload_uuid;const before=kept.get(upload);if(!handle||!uuid||held>=size||before===uuid)return;kept.set(upload,uuid);stored.add(uuid);if(before)await forgetHandle(before);await ask("readwrite",(store)=>store.put({handle,name,size,at:Date.now()},uuid));await removeOld();}
async function recallHandle({upload_uuid}){const found=await ask("readonly",(store)=>store.get(upload_uuid));if(!found||!(found.at>Date.now()-KEPT))return null;stored.add(upload_uuid);return found.handle;}
async function forgetHandle(upload_uuid){if(!stored.delete(upload_uuid))return;await ask("readwrite",(store)=>store.delete(upload_uuid));}
async function fileFrom(handle){if(!handle)return null;try{const permission=await handle.queryPermission(READ);if(permission!=="granted"&&(await handle.requestPermission(READ))!=="granted")return null;return await handle.getFile();}catch(error){return null;}}
if(window.document){document.addEventListener("chunkeduploads:progress",({detail})=>{keepHandle(detail.upload);});["complete","cancel"].forEach((name)=>{document.addEventListener(`chunkeduploads:${name}`,({detail})=>{forgetHandle(detail.upload_uuid);});});}
Object.assign(window.ChunkedUploads,{fileFrom,forgetHandle,keepHandle,recallHandle});})();
"use strict";(function(){const{FileChanged,FileRefused,OtherContent}=window.ChunkedUploads;const SENTENCES=new Set([400,401,403,404,413,415,422,429,507]);const OWN_WORDS=new Set([403,413,415,422,429]);const TECHNICAL=new Set(["csrf_failed"]);const FINAL=new Set([400,403,405,411,413,415,422]);function sentenceKey(failure){if(failure instanceof FileRefused)return failure.key;if(failure instanceof FileChanged)return"file-changed";if(failure instanceof OtherContent)return"other-content";if(failure.isOfOtherFile)return"other-content-there";if(failure.status===0)return"no-network";if(SENTENCES.has(failure.status))return`status-${failure.status}`;return failure.isCurable?"server-trouble":"status-else";}
function describe(failure,texts){const{status=null,detail="",answer={}}=failure;const key=sentenceKey(failure);const error=answer.error||(status===null?key.replace("-","_"):"");const isOwn=detail&&OWN_WORDS.has(status)&&!TECHNICAL.has(error);const sentence=isOwn?detail:failure.sentence||texts.text(key,failure.values);return{status,error,detail,sentence};}
function isWorthRetrying(failure){return!failure||!FINAL.has(failure.status);}
Object.assign(window.ChunkedUploads,{describe,isWorthRetrying});})();
"use strict";(function(){const{FileRefused,Picking,describe,fileFrom,keyOf,refusalOf}=window.ChunkedUploads;const{withOwnName,withoutClutter}=window.ChunkedUploads;const AT_ONCE=12;class Choosing{constructor(uploader){this.uploader=uploader;this.picking=new Picking(uploader);this.wanted=null;this.guesses=new Map();this.ends=0;this.holds=0;}
async choose(){const found=await this.picking.choose();if(!found)return;if(found.length)await this.add(found);else this.forget();}
chooseFolder(){this.picking.open("folder-input",[]);}
gallery(){this.picking.chooseMedia(false);}
camera(){this.picking.chooseMedia(true);}
async askFor(upload){this.wanted=upload;await this.choose();}
async continueWith(upload){const{handle}=upload;const file=await fileFrom(handle);if(upload.state!=="missing")return;if(file&&isNamed(upload,file)){this.attach(upload,{file,path:upload.path,handle},true);return;}
this.uploader.note("handle-lost",{name:upload.name});await this.askFor(upload);}
forget(){this.wanted=null;}
end(){this.ends+=1;}
hold(){this.holds+=1;}
async addNew(found){await this.add(found.map((origin)=>({...origin,file:withOwnName(origin.file)})));}
async add(found){const wanted=this.wanted;this.wanted=null;this.uploader.view.showError("");const files=this.noteUnread(withoutClutter(found));if(wanted&&wanted.state==="missing")this.addFor(wanted,files);else if(this.uploader.isSet("multiple"))await this.addAll(files);else if(files.length)await this.addOnly(files);}
noteUnread(found){const names=found.filter(({file})=>!file).map(({path})=>path);if(names.length)this.uploader.note("unreadable",{names:names.slice(0,3).join(", ")});return found.filter(({file})=>file);}
async addAll(files){const before=this.uploader.queue.uploads.length;const{ends,holds}=this;let began=performance.now();for(const file of files){if(performance.now()-began>AT_ONCE){await moment();began=performance.now();}
if(ends!==this.ends)break;this.addOne(file,holds===this.holds);}
const count=this.uploader.queue.uploads.length-before;if(count>1)this.uploader.view.speaking.sayAdded(count);}
addFor(upload,files){const mine=files.find(({file})=>isNamed(upload,file));const others=files.filter((each)=>each!==mine);if(mine)this.attach(upload,mine,true);else if(others.length===1){const{texts}=this.uploader.view;const size=texts.format.bytes(upload.size);upload.fail(new FileRefused("other-file",{name:upload.name,size}));return;}
this.addAll(others);}
async addOnly([origin,...more]){if(more.length)this.uploader.note("one-file");if(this.there.some((upload)=>isSame(upload,origin)))return;const refusal=this.refusalOf(origin.file);if(refusal&&this.there.length){this.tellRefusal(origin.file,refusal);return;}
const{withdrawing}=this.uploader;if(withdrawing.isWorthAsking(this.there)&&!(await withdrawing.ask(this.there)))return;const old=this.there;const upload=this.addOne(origin);if(!upload)return;if(upload.state==="refused"&&old.length){this.tellRefusal(upload,upload.failure);this.uploader.remove(upload);return;}
old.forEach((each)=>(each.isFinished?this.uploader.remove(each):each.cancel()));}
get there(){return this.uploader.uploads.filter(({state,isCancelled})=>state!=="missing"&&!isCancelled);}
tellRefusal({name},refusal){const{sentence}=describe(refusal,this.uploader.view.texts);this.uploader.note("was-not-taken",{name,reason:sentence});}
addOne(origin,isToBegin=true){const{file,path}=origin;const same=this.uploader.queue.named(file).filter(({isCancelled})=>!isCancelled);const missing=same.find(({state})=>state==="missing");if(missing){this.guesses.set(missing,origin);this.attach(missing,origin,false,isToBegin);return missing;}
if(same.some((upload)=>!upload.isFinished&&isSame(upload,origin))){this.uploader.note("listed",{name:path||file.name});return null;}
return this.uploader.addUpload(origin,isToBegin);}
attach(upload,origin,isConfirmed,isToBegin=true){const isToStart=isToBegin&&this.uploader.isSet("autoStart");upload.attach(origin,{isConfirmed,isToStart});}
refusalOf(file){const{limits,queue,view}=this.uploader;const refusal=refusalOf(file,limits,view.texts);const isFull=this.uploader.isSet("multiple")&&queue.completeness.count>=limits.maxFiles;if(refusal||!isFull)return refusal;return new FileRefused("too-many",{count:view.texts.format.number(limits.maxFiles)});}
check(upload){const origin=this.guesses.get(upload);if(!origin)return;if(upload.source.isUnverified&&!upload.isCancelled&&upload.state!=="missing")return;this.guesses.delete(upload);if(upload.state==="missing")this.uploader.addUpload(origin);}}
function moment(){return new Promise((resolve)=>setTimeout(resolve));}
function isNamed(upload,file){return keyOf(upload)===keyOf(file);}
function isSame(upload,{file,path}){const{lastModified}=upload.file||{};return isNamed(upload,file)&&upload.path===path&&lastModified===file.lastModified;}
Object.assign(window.ChunkedUploads,{Choosing});})();
"use strict";(function(){const uploaders=window.ChunkedUploads.uploaders||new Set();const PAUSE=500;const NEWS=["start","progress","stop","withdraw","restore","remove","idle"];class Title{constructor(){this.prefix="";}
show(text){const title=this.ofPage;const prefix=text&&title?`${text} · `:text;if(prefix===this.prefix&&document.title.includes(prefix))return;this.prefix=prefix;document.title=prefix+title;}
get ofPage(){return document.title.replace(this.prefix,()=>"");}}
class Screen{constructor(){this.isWanted=false;this.isAsking=false;this.isRefused=false;this.lock=null;}
keepOn(isWanted){this.isWanted=isWanted;if(isWanted)this.ask();else this.release();}
async ask(){const{wakeLock}=navigator;if(!wakeLock||this.lock||this.isAsking||this.isRefused||document.hidden)return;this.isAsking=true;this.lock=await wakeLock.request("screen").catch(()=>null);this.isAsking=false;this.isRefused=!this.lock;if(!this.isWanted)this.release();}
release(){if(this.lock)this.lock.release().catch(()=>{});this.lock=null;}
change(){if(document.hidden)this.lock=null;this.isRefused=false;if(this.isWanted)this.ask();}}
class NotificationAtEnd{constructor(){this.isAsked=false;this.isPossible=null;}
get isOffered(){if(this.isPossible===null)this.isPossible=this.askBrowser();return this.isPossible&&!this.isAsked;}
askBrowser(){return(window.isSecureContext&&"Notification"in window&&Notification.permission!=="denied"&&!matchMedia("(pointer: coarse)").matches);}
async ask(){const permission=await new Promise((resolve)=>{const asking=Notification.requestPermission(resolve);if(asking)asking.then(resolve);});this.isAsked=permission==="granted";this.isPossible=permission!=="denied";return this.isAsked;}
show(title,body){if(!title||!this.isAsked||!(document.hidden||!document.hasFocus()))return;const notice=new Notification(title,{body,tag:"chunked-uploads"});notice.onclick=()=>{window.focus();notice.close();};}}
const title=new Title();const screen=new Screen();const notification=new NotificationAtEnd();let isGoing=false;let timer=null;function look(){timer=null;const all=[...uploaders].map((uploader)=>({uploader,...uploader.queue.total()}));const filled=all.filter(({count,refused})=>count+refused>0);const wasGoing=isGoing;isGoing=filled.some((total)=>total.isGoing);screen.keepOn(isGoing);title.show(isGoing?textsOf(filled).format.percent(percentOf(filled)):"");const isEnd=wasGoing&&!isGoing&&!filled.some(({isResting})=>isResting);if(isEnd&&filled.length)notification.show(summaryOf(filled),title.ofPage);}
function textsOf([{uploader}]){return uploader.view.texts;}
const sum=(totals,name)=>totals.reduce((value,total)=>value+total[name],0);function percentOf(totals){if(totals.length===1)return totals[0].percent;const size=sum(totals,"size");return size?Math.min(99,Math.floor((sum(totals,"sent")*100)/size)):0;}
function summaryOf(totals){const texts=textsOf(totals);const count=sum(totals,"count");const counts=["complete","refused","failed"].map((state)=>[state,sum(totals,state)]);const ended=counts.filter(([,number])=>number>0);if(!ended.length)return"";const[[state,number]]=ended;if(count===1&&ended.length===1){const[{name}]=totals.flatMap(({uploader})=>uploader.queue.counted);return`${name}: ${texts.text(state)}`;}
if(state==="complete"&&number===count&&ended.length===1)return texts.count("all-complete",count);return ended.map(([each,total])=>texts.count(`${each}-count`,total)).join(" · ");}
function lookSoon(){if(timer===null)timer=setTimeout(look,PAUSE);}
NEWS.forEach((name)=>document.addEventListener(`chunkeduploads:${name}`,lookSoon));document.addEventListener("visibilitychange",()=>screen.change());Object.assign(window.ChunkedUploads,{lookElsewhere:lookSoon,notification,uploaders});})();
"use strict";(function(){const ID="chunked-uploads-";const SHAPES={24:{pdf:"<path d='M7 2h5v5a3 3 0 0 0 3 3h4v10a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2Zm.1 10.9v5.6h1.2v-1.7h.8a1.95 1.95 0 0 0 0-3.9Zm1.2 1.1h.7a.85.85 0 0 1 0 1.7h-.7Zm3-1.1v5.6h1.4a2.1 2.1 0 0 0 2.1-2.1v-1.4a2.1 2.1 0 0 0-2.1-2.1Zm1.2 1.1h.2a1 1 0 0 1 1 1v1.4a1 1 0 0 1-1 1h-.2Zm3.2-1.1v5.6h1.2v-2.2h1v-1.1h-1V14h1.3v-1.1Z' fill-rule='evenodd'/>"+"<path d='M14 2.6V7a1 1 0 0 0 1 1h3.9Z' opacity='.55'/>",video:"<path d='M5.5 4.5h13a3.5 3.5 0 0 1 3.5 3.5v8a3.5 3.5 0 0 1-3.5 3.5h-13A3.5 3.5 0 0 1 2 16V8a3.5 3.5 0 0 1 3.5-3.5Zm4.25 4.6v5.8a.8.8 0 0 0 1.2.7l4.9-2.9a.8.8 0 0 0 0-1.4l-4.9-2.9a.8.8 0 0 0-1.2.7Z' fill-rule='evenodd'/>",audio:"<rect x='2.2' y='9' width='2.6' height='6' rx='1.3'/>"+"<rect x='6.45' y='5.5' width='2.6' height='13' rx='1.3'/>"+"<rect x='10.7' y='2.5' width='2.6' height='19' rx='1.3'/>"+"<rect x='14.95' y='6.5' width='2.6' height='11' rx='1.3'/>"+"<rect x='19.2' y='9.5' width='2.6' height='5' rx='1.3'/>",image:"<path d='M6 3.5h12A3.5 3.5 0 0 1 21.5 7v10a3.5 3.5 0 0 1-3.5 3.5H6A3.5 3.5 0 0 1 2.5 17V7A3.5 3.5 0 0 1 6 3.5Zm1.6 3.3a1.9 1.9 0 1 0 0 3.8 1.9 1.9 0 0 0 0-3.8ZM5 16.9a1.3 1.3 0 0 0 1.3 1.3h11.4a1.3 1.3 0 0 0 1.3-1.3v-1.3l-3.3-3.9a1.2 1.2 0 0 0-1.8 0l-3.2 3.7-1.5-1.6a1.2 1.2 0 0 0-1.7 0L5 16.3Z' fill-rule='evenodd'/>",archive:"<rect x='2.5' y='3.5' width='19' height='5.5' rx='1.75'/>"+"<path d='M4 10.5h16v7a3 3 0 0 1-3 3H7a3 3 0 0 1-3-3Zm5.9 2.3a1.1 1.1 0 0 0 0 2.2h4.2a1.1 1.1 0 0 0 0-2.2Z' fill-rule='evenodd'/>",document:"<path d='M7 2h5v5a3 3 0 0 0 3 3h4v10a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2Zm1.8 10.6a.9.9 0 0 0 0 1.8h6.4a.9.9 0 0 0 0-1.8Zm0 3.7a.9.9 0 0 0 0 1.8h3.7a.9.9 0 0 0 0-1.8Z' fill-rule='evenodd'/>"+"<path d='M14 2.6V7a1 1 0 0 0 1 1h3.9Z' opacity='.55'/>",code:"<path d='M8.3 6.5a1.3 1.3 0 0 1 0 1.8L4.7 12l3.6 3.7a1.3 1.3 0 0 1-1.9 1.8L2 12.9a1.3 1.3 0 0 1 0-1.8l4.4-4.6a1.3 1.3 0 0 1 1.9 0Zm7.4 0a1.3 1.3 0 0 0 0 1.8l3.6 3.7-3.6 3.7a1.3 1.3 0 0 0 1.9 1.8l4.4-4.6a1.3 1.3 0 0 0 0-1.8l-4.4-4.6a1.3 1.3 0 0 0-1.9 0Z'/>"+"<path d='M13.7 4.4a1.2 1.2 0 0 1 .8 1.5l-3.3 12.9a1.2 1.2 0 0 1-2.3-.6l3.3-12.9a1.2 1.2 0 0 1 1.5-.9Z' opacity='.6'/>",other:"<path d='M7 2h5v5a3 3 0 0 0 3 3h4v10a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2Z'/>"+"<path d='M14 2.6V7a1 1 0 0 0 1 1h3.9Z' opacity='.55'/>",up:"<path d='M11 3.9a1.4 1.4 0 0 1 2 0l5.3 5.3a1.4 1.4 0 0 1-2 2l-2.9-2.9V19a1.4 1.4 0 0 1-2.8 0V8.3l-2.9 2.9a1.4 1.4 0 0 1-2-2Z'/>","play-small":"<path d='M8 5.3v13.4a1 1 0 0 0 1.5.9l11-6.7a1 1 0 0 0 0-1.7l-11-6.8a1 1 0 0 0-1.5.9Z'/>",done:"<path d='M19.9 6.3a1.4 1.4 0 0 1 .1 2l-9 10a1.4 1.4 0 0 1-2 .1l-4.9-4.6a1.4 1.4 0 0 1 1.9-2l3.9 3.6 8-9a1.4 1.4 0 0 1 2-.1Z'/>",queue:"<circle cx='5' cy='12' r='2'/>"+"<circle cx='12' cy='12' r='2'/>"+"<circle cx='19' cy='12' r='2'/>",refused:"<path d='M12 2.5a9.5 9.5 0 1 1 0 19 9.5 9.5 0 0 1 0-19ZM8.3 10.7a1.3 1.3 0 0 0 0 2.6h7.4a1.3 1.3 0 0 0 0-2.6Z' fill-rule='evenodd'/>",camera:"<path d='M9.6 3.5h4.8a2 2 0 0 1 1.7 1l.9 1.5H19a3 3 0 0 1 3 3v8.5a3 3 0 0 1-3 3H5a3 3 0 0 1-3-3V9a3 3 0 0 1 3-3h2l.9-1.5a2 2 0 0 1 1.7-1ZM12 8.7a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4Zm0 2.1a2.1 2.1 0 1 1 0 4.2 2.1 2.1 0 0 1 0-4.2Z' fill-rule='evenodd'/>",folder:"<path d='M5 4h3.8a2.5 2.5 0 0 1 1.8.8L12 6.2h7a3 3 0 0 1 3 3V17a3 3 0 0 1-3 3H5a3 3 0 0 1-3-3V7a3 3 0 0 1 3-3Z'/>",},20:{pause:"<rect x='5.25' y='4' width='3.25' height='12' rx='1.2'/>"+"<rect x='11.5' y='4' width='3.25' height='12' rx='1.2'/>",play:"<path d='M6 4.4v11.2a.9.9 0 0 0 1.35.77l9.1-5.6a.9.9 0 0 0 0-1.54l-9.1-5.6A.9.9 0 0 0 6 4.4Z'/>",bin:"<path d='M8.3 2.5h3.4a1.3 1.3 0 0 1 1.3 1.3v.7h3.2a.8.8 0 0 1 0 1.6H3.8a.8.8 0 0 1 0-1.6H7v-.7a1.3 1.3 0 0 1 1.3-1.3Z'/>"+"<path d='M4.7 7.4h10.6l-.6 8.3a2 2 0 0 1-2 1.8H7.3a2 2 0 0 1-2-1.8Zm3.4 2a.7.7 0 0 0-.7.76l.25 4a.7.7 0 1 0 1.4-.1l-.25-4a.7.7 0 0 0-.7-.66Zm3.8 0a.7.7 0 0 0-.7.66l-.25 4a.7.7 0 1 0 1.4.1l.25-4a.7.7 0 0 0-.7-.76Z' fill-rule='evenodd'/>",dismiss:"<path d='M5.4 5.4a.95.95 0 0 1 1.35 0L10 8.65l3.25-3.25a.95.95 0 0 1 1.35 1.35L11.35 10l3.25 3.25a.95.95 0 0 1-1.35 1.35L10 11.35 6.75 14.6a.95.95 0 0 1-1.35-1.35L8.65 10 5.4 6.75a.95.95 0 0 1 0-1.35Z'/>",chevron:"<path d='M4.7 7.3a.95.95 0 0 1 1.35 0L10 11.25l3.95-3.95a.95.95 0 0 1 1.35 1.35l-4.6 4.6a1 1 0 0 1-1.4 0L4.7 8.65a.95.95 0 0 1 0-1.35Z'/>",bell:"<path d='M10 2.2a1.2 1.2 0 0 1 1.2 1.2v.3a4.8 4.8 0 0 1 3.6 4.6v2.9l1.4 2.1a.9.9 0 0 1-.75 1.4H4.55a.9.9 0 0 1-.75-1.4l1.4-2.1V8.300a4.8 4.8 0 0 1 3.6-4.600v-.3A1.2 1.2 0 0 1 10 2.200Z'/>"+"<path d='M8.1 15.900h3.800a1.9 1.9 0 0 1-3.8 0Z'/>",},16:{"badge-paused":"<rect x='5' y='4.7' width='2.1' height='6.6' rx='.8'/>"+"<rect x='8.9' y='4.7' width='2.1' height='6.6' rx='.8'/>","badge-waiting":"<path d='M8 3.9a.8.8 0 0 1 .8.8v2.9l2 1.4a.8.8 0 0 1-.9 1.3L7.5 8.7A.8.8 0 0 1 7.2 8V4.7a.8.8 0 0 1 .8-.8Z'/>","badge-failed":"<rect x='7.05' y='3.6' width='1.9' height='5.6' rx='.95'/>"+"<circle cx='8' cy='11.5' r='1.15'/>","badge-refused":"<rect x='4.3' y='7.05' width='7.4' height='1.9' rx='.95'/>",},};function symbolsOf([size,shapes]){return Object.entries(shapes).map(([name,shape])=>`<symbol id='${ID}${name}' viewBox='0 0 ${size} ${size}'>${shape}</symbol>`).join("");}
function bringIcons(){if(document.getElementById(`${ID}up`))return;const symbols=Object.entries(SHAPES).map(symbolsOf).join("");const text=`<svg xmlns='http://www.w3.org/2000/svg' width='0' height='0'>${symbols}</svg>`;const sprite=new DOMParser().parseFromString(text,"image/svg+xml").documentElement;sprite.setAttribute("class",`${ID}hidden`);sprite.setAttribute("aria-hidden","true");document.body.prepend(document.importNode(sprite,true));}
function icon(name){const svg=document.createElementNS("http://www.w3.org/2000/svg","svg");const use=document.createElementNS(svg.namespaceURI,"use");use.setAttribute("href",`#${ID}${name}`);svg.setAttribute("aria-hidden","true");svg.append(use);return svg;}
Object.assign(window.ChunkedUploads,{bringIcons,icon});})();
"use strict";(function(){class Pictures{watch(){}
unwatch(){}
end(){}}
Object.assign(window.ChunkedUploads,{Pictures});})();
"use strict";(function(){const{Formatter}=window.ChunkedUploads;const WORDS={"image/*":"images","video/*":"videos","audio/*":"audio"};class Texts{constructor(root){this.root=root;this.format=new Formatter(root.lang||document.documentElement.lang);const messages=root.querySelector(".chunked-uploads-messages");this.messages=messages&&messages.content;this.found=new Map();}
text(key,values={}){return this.template(key).replace(/\{(\w+)\}/g,(gap,name)=>values[name]);}
template(key){if(!this.found.has(key))this.found.set(key,this.find(key));return this.found.get(key);}
find(key){const{messages,root}=this;const message=messages&&messages.querySelector(`[data-message="${key}"]`);const own=root.getAttribute(`data-text-${key}`);const detail={key,text:own===null?(message?message.textContent:""):own};root.dispatchEvent(new CustomEvent("chunkeduploads:text",{bubbles:true,detail}));return String(detail.text);}
count(key,count,values={}){return this.text(key,{count:this.format.number(count),...values});}
share(sent,total){if(!sent||sent>=total)return this.format.bytes(total);const{format}=this;return this.text("bytes",{sent:format.part(sent,total),total:format.bytes(total)});}
timeLeft(seconds){return seconds?this.text("time-left",{time:this.format.duration(seconds)}):"";}
limits({accept,maxSize,maxFiles},isMultiple){const{format}=this;const size=maxSize<Infinity&&format.bytes(maxSize);return{types:this.types(accept),size:[size?this.text(isMultiple?"up-to-each":"up-to",{size}):"",maxFiles<Infinity&&isMultiple?this.count("at-most",maxFiles):"",].filter(Boolean),};}
types(accept){const short=(token)=>token.replace(/^\.|^.*\//,"").toUpperCase();const unique=[...new Set(accept.map((token)=>this.word(token)||short(token)))];return new Intl.ListFormat(this.format.language,{type:"disjunction"}).format(unique);}
tokens(accept){return accept.map((token)=>this.word(token)||token).join(", ");}
word(token){return WORDS[token]?this.text(WORDS[token]):"";}}
Object.assign(window.ChunkedUploads,{Texts});})();
"use strict";(function(){const{describe,icon,isWorthRetrying,typeOf}=window.ChunkedUploads;const ACTIONS={ready:["start","dismiss"],missing:["choose","cancel"],queued:["cancel"],checking:["pause","cancel"],uploading:["pause","cancel"],waiting:["pause","cancel"],finishing:["pause","cancel"],paused:["resume","cancel"],failed:["retry","cancel"],refused:["dismiss"],complete:["dismiss"],};const WORDS="[data-action=start], [data-action=continue], [data-action=choose], [data-action=retry]";const BADGES={paused:"paused",waiting:"waiting",failed:"failed",refused:"refused"};const WITH_PERCENT=new Set(["uploading","waiting","paused"]);const WITH_BAR=new Set(["uploading","finishing","waiting","paused","missing"]);const ONLY_HEARD=new Set(["uploading","missing"]);const TICK="m4.6 8.3 2.3 2.3 4.5-4.9";function webAddress(url){if(!url)return"";try{const target=new URL(url,document.baseURI);return["http:","https:"].includes(target.protocol)?target.href:"";}catch(error){return"";}}
class Piece{constructor(element){this.element=element;this.parts=new Map();this.shown=new Map();}
find(part){if(!this.parts.has(part)){this.parts.set(part,this.element.querySelector(`.chunked-uploads-${part}`));}
return this.parts.get(part);}
put(part,text){const element=this.find(part);if(!element||this.shown.get(part)===text)return;this.shown.set(part,text);element.textContent=text;element.hidden=!text;}
fill(element,share,text){if(element.style.getPropertyValue("--chunked-uploads-part")!==String(share)){element.style.setProperty("--chunked-uploads-part",share);}
const percent=String(Math.floor(share*100));if(element.getAttribute("aria-valuenow")===percent)return;element.setAttribute("aria-valuenow",percent);element.setAttribute("aria-valuetext",text);}}
function partsOf(name){const[,base,extension]=/^(.*?)(\.[^./]{1,10})?$/s.exec(name);const letters=Array.from(base);const kept=letters.length>12?6:0;const cut=letters.length-kept;return[letters.slice(0,cut).join(""),letters.slice(cut).join("")+(extension||"")];}
function span(text){const element=document.createElement("span");element.textContent=text;return element;}
class Row extends Piece{constructor(upload,{template,texts,isCompact}){super(template.content.firstElementChild.cloneNode(true));this.upload=upload;this.texts=texts;this.isCompact=isCompact;this.hasFace=true;this.shownName="";this.shownActions=null;this.buttons=[...this.element.querySelectorAll("[data-action]")];this.buttons.forEach((button)=>{const label=button.getAttribute("aria-label")||button.textContent.trim();button.title=button.textContent.trim()?"":label;button.setAttribute("aria-label",`${label}: ${upload.name}`);});const bar=this.find("bar");if(bar)bar.setAttribute("aria-label",upload.name);this.renderTile();this.render();this.element.classList.toggle("chunked-uploads-is-still",upload.state==="complete");}
render(){const{state}=this.upload;if(this.element.dataset.state!==state)this.renderState(state);this.renderName();this.renderFacts();this.renderBar();this.renderActions(this.actions());}
renderState(state){this.element.dataset.state=state;const status=this.find("status");if(status)status.classList.toggle("chunked-uploads-hidden",ONLY_HEARD.has(state));this.renderBadge(state);}
renderTile(){const{name,file}=this.upload;const tile=this.find("tile");if(!tile)return;const type=typeOf(name,file?file.type:"");tile.dataset.type=type;const isMissing=this.upload.state==="missing";tile.querySelector(".chunked-uploads-face").replaceChildren(icon(isMissing?"up":type));this.hasFace=!isMissing;}
renderBadge(state){const tile=this.find("tile");if(!tile)return;const isMissing=state==="missing";if(isMissing===this.hasFace)this.renderTile();const old=tile.querySelector(".chunked-uploads-badge");if(old)old.remove();if(!BADGES[state]&&state!=="complete")return;const badge=document.createElement("span");badge.className="chunked-uploads-badge";badge.append(state==="complete"?tick():icon(`badge-${BADGES[state]}`));tile.append(badge);}
renderName(){const{name,state,result,percent,handle}=this.upload;const url=state==="complete"?webAddress(result.url):"";const key=`${state === "missing" && `${percent}${Boolean(handle)}`} ${name} ${url}`;if(this.shownName===key)return;this.shownName=key;const place=this.find("name");if(!place)return;place.title=this.upload.path||name;place.classList.toggle("chunked-uploads-name-whole",state==="missing");if(state==="missing")place.replaceChildren(...this.goOn(percent,handle));else if(url){const anchor=document.createElement("a");anchor.href=url;anchor.append(...partsOf(name).map(span));place.replaceChildren(anchor);}else place.replaceChildren(...partsOf(name).map(span));}
goOn(percent,handle){const{texts,upload}=this;const share=texts.format.percent(percent);const text=texts.text(handle?"continue":"go-on",{name:"\0",percent:share});const name=document.createElement("bdi");name.textContent=upload.name;const[before,after]=text.split("\0");return[before,name,after];}
renderFacts(){const{texts,upload}=this;const{state,size,progress,speed,timeLeft}=upload;const{format}=texts;const isFresh=state==="failed"||state==="refused";const sent=WITH_PERCENT.has(state)||state==="ready"?progress.shown.bytes:0;const isWaiting=state==="waiting";this.put("status",texts.text(isWaiting&&!navigator.onLine?"offline":state));this.put("percent",WITH_PERCENT.has(state)?format.percent(upload.percent):"");this.put("bytes",isFresh||isWaiting?"":this.bytes(sent,size));this.put("speed",speed===null?"":format.speed(speed));this.put("left",isWaiting?this.againIn():texts.timeLeft(timeLeft));this.put("why",this.why());}
bytes(sent,size){const{texts,upload}=this;if(upload.state!=="missing")return texts.share(sent,size);return texts.text("on-server",{bytes:texts.share(upload.progress.shown.bytes,size)});}
againIn(){const seconds=Math.max(1,Math.ceil((this.upload.retryAt-Date.now())/1000));const{format}=this.texts;const time=seconds<60?format.unit(seconds,"second"):format.duration(seconds);return this.texts.text("again-in",{time});}
why(){const{failure,state}=this.upload;if(!failure||(state==="waiting"&&!failure.status))return"";return describe(failure,this.texts).sentence;}
renderBar(){const bar=this.find("bar");if(!bar)return;const{state,progress,size}=this.upload;bar.hidden=!WITH_BAR.has(state);if(bar.hidden)return;bar.toggleAttribute("data-busy",state==="finishing");const share=state==="finishing"?1:size?progress.shown.bytes/size:0;this.fill(bar,Math.floor(share*1000)/1000,this.texts.format.percent(this.upload.percent));}
actions(){const{failure,handle,state}=this.upload;if(this.isCompact&&state==="complete")return["replace","remove"];if(this.isCompact&&state==="refused")return["replace","dismiss"];if(state==="missing"&&handle)return["continue","cancel"];const actions=ACTIONS[state]||[];return state==="failed"&&!isWorthRetrying(failure)?["cancel"]:actions;}
renderActions(actions){const key=actions.join();if(this.shownActions===key)return;this.shownActions=key;const focused=document.activeElement;this.buttons.forEach((button)=>{button.hidden=!actions.includes(button.dataset.action);});const words=this.buttons.some((button)=>!button.hidden&&button.matches(WORDS));const place=this.find("actions");if(place)place.classList.toggle("chunked-uploads-words",words);if(focused&&focused.hidden&&this.element.contains(focused))this.focus();}
focus(){const button=this.buttons.find((each)=>!each.hidden);(button||this.element).focus();}}
function tick(){const svg=icon("");const path=document.createElementNS(svg.namespaceURI,"path");Object.entries({class:"chunked-uploads-tick",pathLength:1,d:TICK}).forEach(([name,value])=>path.setAttribute(name,value),);svg.setAttribute("viewBox","0 0 16 16");svg.replaceChildren(path);return svg;}
Object.assign(window.ChunkedUploads,{Piece,Row});})();
"use strict";(function(){const{Piece,describe,icon}=window.ChunkedUploads;const NAMED=3;class Fold extends Piece{constructor({template,press,sign,state}){super(template.content.firstElementChild.cloneNode(true));this.button=this.element.querySelector("button");this.button.addEventListener("click",press);this.element.dataset.state=state;this.find("face").append(icon(sign));}
render(name,facts,isOpen){this.put("name",name);this.put("bytes",facts);this.button.setAttribute("aria-expanded",String(isOpen));}
focus(){this.button.focus();}}
class Refusals extends Piece{constructor({template,texts}){super(template.content.firstElementChild.cloneNode(true));this.texts=texts;this.uploads=[];this.isOpen=false;this.element.dataset.state="refused";this.element.querySelectorAll("[data-action]").forEach((button)=>{button.hidden=button.dataset.action!=="dismiss";if(!button.hidden)this.button=button;});this.label=this.button.getAttribute("aria-label");const tile=this.find("tile");tile.classList.add("chunked-uploads-pile");tile.firstElementChild.append(icon("refused"));this.find("name").classList.add("chunked-uploads-name-whole");}
render(uploads,reason){this.uploads=uploads;const{texts}=this;const title=texts.count("not-taken",uploads.length,{reason});this.put("name",title);const names=uploads.map(({name})=>name);const shown=this.isOpen?names:names.slice(0,NAMED);const more=names.length-shown.length;const listed=shown.concat(more?[texts.count("and-more",more)]:[]);this.put("why",listed.join(", "));this.button.setAttribute("aria-label",`${this.label}: ${title}`);}
focus(){this.button.focus();}}
function reasonOf({failure},texts){return failure?describe(failure,texts).sentence.replace(/\.$/,""):"";}
Object.assign(window.ChunkedUploads,{Fold,Refusals,reasonOf});})();
"use strict";(function(){const{Register}=window.ChunkedUploads;const SENDING=["uploading","checking"];const MOVING=[...SENDING,"finishing","waiting"];const PAGE=50;class Section{constructor(name){this.name=name;this.register=new Register();this.isOpen=true;this.shown=new Map();this.places=new Map();}
note(upload){if(!this.places.has(upload))this.places.set(upload,this.places.size);this.register.note(upload);}
drop(upload){this.register.drop(upload);}
list(...states){const{places}=this;return this.register.list(...states).sort((one,other)=>places.get(one)-places.get(other));}
get isMoving(){return this.register.count(...MOVING)>0;}
get count(){return[...this.register.states.keys()].filter(isCounted).length;}
open(state){this.shown.set(state,(this.shown.get(state)||0)+PAGE);}}
function folderOf({path}){return path.includes("/")?path.split("/",1)[0]:"";}
function isCounted({isCancelled,state}){return!isCancelled&&state!=="refused"&&state!=="missing";}
Object.assign(window.ChunkedUploads,{MOVING,PAGE,SENDING,Section,folderOf});})();
"use strict";(function(){const{Fold,MOVING,PAGE,Refusals,Row,SENDING,Section,folderOf}=window.ChunkedUploads;const{reasonOf}=window.ChunkedUploads;const RESTING=["paused","failed","missing","ready"];const FOLDED=3;const HELD=2500;const LEAVING=200;const MANY=20;class List{constructor(element,tools){this.element=element;this.tools=tools;this.sections=new Map();this.places=new Map();this.rows=new Map();this.folds=new Map();this.heldUntil=0;this.timer=null;}
hold(render){this.heldUntil=performance.now()+HELD;clearTimeout(this.timer);this.timer=setTimeout(render,HELD);}
release(){this.heldUntil=0;clearTimeout(this.timer);}
note(upload){const folder=folderOf(upload);const place=this.places.get(upload);if(place&&place.name!==folder)this.drop(upload);if(!this.sections.has(folder))this.sections.set(folder,new Section(folder));const section=this.sections.get(folder);section.note(upload);this.places.set(upload,section);}
drop(upload){const section=this.places.get(upload);if(!section)return;this.places.delete(upload);section.drop(upload);if(!section.register.states.size)this.sections.delete(section.name);}
uploadOf(element){const found=[...this.rows].find(([,row])=>row.element===element);return found?found[0]:null;}
uploadsOf(element){const found=[...this.folds.values()].find((each)=>each.element===element);return found&&found.uploads?found.uploads:[];}
render(changed){const wanted=this.wanted();const waiting=[...this.sections.values()].reduce((sum,each)=>sum+each.register.count("queued"),0);this.element.toggleAttribute("data-hurried",waiting>MANY);const isHeld=performance.now()<this.heldUntil;const lines=isHeld?this.keepPlaces(wanted):wanted;lines.forEach((line)=>{if(line instanceof Row&&changed.has(line.upload))line.render();});this.arrange(lines);this.element.hidden=lines.length===0;}
wanted(){const sections=[...this.sections.values()];sections.sort((one,other)=>other.isMoving-one.isMoving);return sections.flatMap((section)=>this.linesOf(section));}
linesOf(section){const{name}=section;const moving=[section.list(...SENDING),section.list("finishing"),section.list("waiting")];const lines=moving.flat().map((upload)=>this.rowOf(upload));const head=name?[this.headOf(section)]:[];if(name&&!section.isOpen)return[...head,...lines];return[...head,...lines,...RESTING.flatMap((state)=>this.some(section,state,PAGE)),...this.folded(section,"queued","queue"),...this.refusals(section),...this.folded(section,"complete","done"),];}
headOf(section){const{register,name}=section;const{texts}=this.tools;const head=this.fold(`folder ${name}`,"folder","folder",()=>{section.isOpen=!section.isOpen;});const values={done:texts.format.number(register.count("complete")),count:texts.format.number(section.count),};head.render(name,texts.text("complete-of",values),section.isOpen);return head;}
some(section,state,least){const uploads=section.list(state);const number=least+(section.shown.get(state)||0);const rows=uploads.slice(0,number).map((upload)=>this.rowOf(upload));const rest=uploads.slice(number);if(!rest.length)return rows;const more=this.fold(`more ${section.name} ${state}`,"queue",state,()=>section.open(state));this.renderFold(more,"more-count",rest,false);return[...rows,more];}
folded(section,state,sign){const uploads=section.register.list(state);if(uploads.length<FOLDED||this.tools.isCompact)return this.some(section,state,PAGE);const{shown}=section;const fold=this.fold(`${section.name} ${state}`,sign,state,()=>{if(!shown.delete(state))section.open(state);});const isOpen=shown.has(state);this.renderFold(fold,state==="queued"?"queued-count":"done-count",uploads,isOpen);return isOpen?[fold,...this.some(section,state,0)]:[fold];}
renderFold(fold,key,uploads,isOpen){const{texts}=this.tools;const size=uploads.reduce((sum,upload)=>sum+upload.size,0);fold.render(texts.count(key,uploads.length),texts.format.bytes(size),isOpen);}
refusals(section){const{texts,rowTemplate}=this.tools;const reasons=new Map();section.list("refused").forEach((upload)=>{const reason=reasonOf(upload,texts);if(!reasons.has(reason))reasons.set(reason,[]);reasons.get(reason).push(upload);});return[...reasons].map(([reason,uploads])=>{if(uploads.length===1)return this.rowOf(uploads[0]);const key=`refused ${section.name} ${reason}`;if(!this.folds.has(key))this.folds.set(key,new Refusals({template:rowTemplate,texts}));const line=this.folds.get(key);line.render(uploads,reason);return line;});}
showProblems(){this.folds.forEach((fold)=>{if(fold instanceof Refusals)fold.isOpen=true;});this.render(new Set());const lines=[...this.rows.values(),...this.folds.values()];const problem=lines.filter(({element})=>["failed","refused"].includes(element.dataset.state)).sort((one,other)=>(one.element.compareDocumentPosition(other.element)&4?-1:1))[0];if(problem)problem.focus();}
rowOf(upload){if(!this.rows.has(upload)){const row=new Row(upload,this.tools);this.rows.set(upload,row);}
return this.rows.get(upload);}
fold(key,sign,state,act){if(!this.folds.has(key)){const press=()=>{this.release();act();this.render(new Set());};const fold=new Fold({template:this.tools.foldTemplate,press,sign,state});this.folds.set(key,fold);}
return this.folds.get(key);}
keepPlaces(wanted){const lines=new Map(wanted.map((line)=>[line.element,line]));const rows=new Map([...this.rows.values()].map((row)=>[row.element,row]));const kept=[...this.element.children].map((element)=>lines.get(element)||rows.get(element)).filter((line)=>line&&(lines.has(line.element)||this.isHere(line.upload)));const places=new Set(kept);return[...kept,...wanted.filter((line)=>!places.has(line))];}
isHere(upload){return this.places.has(upload)&&!upload.isCancelled;}
arrange(lines){const{element}=this;const focused=element.contains(document.activeElement)?document.activeElement:null;const wanted=new Set(lines.map((line)=>line.element));const before=[...element.children].filter((child)=>!isLeaving(child));const gone=before.filter((child)=>!wanted.has(child));const lost=focused&&gone.find((child)=>child.contains(focused));const place=lost?before.indexOf(lost):0;const taken=gone.filter((child)=>this.isTaken(child));this.forget(wanted);gone.forEach((child)=>(taken.length<MANY&&taken.includes(child)?leave(child):child.remove()));let next=null;[...lines].reverse().forEach((line)=>{const isPinned=focused&&line.element.contains(focused);const follows=following(line.element);if(!line.element.isConnected||(follows!==next&&!isPinned)){element.insertBefore(line.element,next);}
next=line.element;});lines.forEach(({element:each,upload})=>{if(upload&&upload.file)this.tools.pictures.watch(each.querySelector(".chunked-uploads-tile"),upload.file);});if(lost)this.focusAt(lines,place);}
isTaken(element){const upload=this.uploadOf(element);return upload!==null&&!this.isHere(upload);}
focusAt(lines,place){const line=lines[Math.min(place,lines.length-1)];if(line)line.focus();else this.tools.focusElsewhere();}
forget(wanted){this.rows.forEach((row,upload)=>{if(wanted.has(row.element))return;this.rows.delete(upload);this.tools.pictures.unwatch(row.find("tile"));});this.folds.forEach((fold,key)=>{if(!wanted.has(fold.element))this.folds.delete(key);});}}
function following(element){let next=element.nextElementSibling;while(next&&isLeaving(next))next=next.nextElementSibling;return next;}
function isLeaving(element){return element.classList.contains("chunked-uploads-is-leaving");}
function leave(element){if(window.matchMedia("(prefers-reduced-motion: reduce)").matches){element.remove();return;}
element.inert=true;element.setAttribute("aria-hidden","true");element.removeAttribute("role");element.style.setProperty("height",`${element.offsetHeight}px`);void element.offsetHeight;element.style.removeProperty("height");element.classList.add("chunked-uploads-is-leaving");setTimeout(()=>element.remove(),LEAVING);}
Object.assign(window.ChunkedUploads,{List});})();
"use strict";(function(){const{Piece}=window.ChunkedUploads;const WORTH_NOTIFYING=20;class Summary extends Piece{constructor(element,{texts,notification,focusElsewhere}){super(element);this.texts=texts;this.notification=notification;this.focusElsewhere=focusElsewhere;this.counts=[...this.find("headline").querySelectorAll("span")];this.buttons=[...element.querySelectorAll("[data-action]")];}
render(total,canRetry){const isEnded=!total.isGoing&&!total.isResting;this.element.hidden=total.count+total.refused<2;this.element.dataset.state=stateOf(total,isEnded);const texts=isEnded?this.endTexts(total):this.wayTexts(total);this.counts.forEach((span,i)=>{const text=texts[i]||"";if(span.textContent!==text)span.textContent=text;span.hidden=!text;});this.renderFigures(total,isEnded);this.renderRing(total,isEnded);this.renderActions(total,isEnded,canRetry);}
wayTexts({complete,count,failed,refused}){const{format}=this.texts;const values={done:format.number(complete),count:format.number(count)};return[this.texts.text("complete-of",values),this.some("failed",failed),this.some("refused",refused)].filter(Boolean);}
endTexts({complete,count,failed,refused}){if(count>1&&complete===count&&!refused)return[this.texts.count("all-complete",count)];return[this.some("complete",complete),this.some("refused",refused),this.some("failed",failed)].filter(Boolean);}
some(what,count){return count?this.texts.count(`${what}-count`,count):"";}
renderFigures({count,done,sent,size,speed,timeLeft,seconds},isEnded){const{texts}=this;const{format}=texts;const time=format.duration(seconds);const took=seconds&&done?texts.text("took",{size:format.bytes(done),time}):"";const bytes=isEnded?took||format.bytes(done):texts.share(sent,size);this.put("bytes",count?bytes:"");this.put("speed",speed===null?"":format.speed(speed));this.put("left",texts.timeLeft(timeLeft));}
renderRing({complete,count,failed,percent},isEnded){const ring=this.find("ring");if(!ring)return;const{format}=this.texts;const isWell=isEnded&&complete===count;ring.hidden=!count;this.fill(ring,isEnded&&count?complete/count:percent/100,format.percent(percent));ring.style.setProperty("--chunked-uploads-part-bad",isEnded&&count?failed/count:0);this.find("ring-tick").toggleAttribute("hidden",!isWell);const done=`${format.number(complete)}/${format.number(count)}`;this.put("ring-text",isWell?"":isEnded?done:format.number(percent));}
renderActions(total,isEnded,canRetry){const{isGoing,timeLeft,failed,refused,complete,ready,paused}=total;const isLong=timeLeft===null||timeLeft>WORTH_NOTIFYING;const shown={startAll:ready>0,notify:isGoing&&isLong&&this.notification.isOffered,resumeAll:paused>0,pauseAll:isGoing,withdrawAll:isGoing||paused+failed>0,clear:complete+refused>0,show:isEnded&&failed+refused>0,retryFailed:isEnded&&canRetry,};const focused=this.buttons.find((button)=>button===document.activeElement);this.buttons.forEach((button)=>{button.hidden=!shown[button.dataset.action];});if(!focused||(!focused.hidden&&!this.element.hidden))return;const next=this.element.hidden?null:this.buttons.find((button)=>!button.hidden);if(next)next.focus();else this.focusElsewhere();}}
function stateOf({isGoing},isEnded){if(isGoing)return"uploading";return isEnded?"complete":"paused";}
Object.assign(window.ChunkedUploads,{Summary});})();
"use strict";(function(){const{describe}=window.ChunkedUploads;const STEP=25;const DELAY=700;class Speaking{constructor(live,texts){this.live=live;this.texts=texts;this.unsaid=new Map();this.said=new WeakMap();this.step=0;}
announceState(upload,queue){const{texts}=this;const{state,name,failure}=upload;const said=`${name}: ${texts.text(state)}`;if(failure&&!upload.isCancelled){this.sayOnce(upload,`${said}. ${describe(failure, texts).sentence}`);return;}
if(state==="paused")this.say(said,name);if(state!=="uploading"&&state!=="complete")return;const{complete,count}=queue.completeness;if(count<2)this.say(said,name);else if(complete===count)this.say(texts.count("all-complete",count),name);}
sayOnce(upload,text){if(this.said.get(upload)!==text)this.say(text,upload.name);this.said.set(upload,text);}
sayAdded(number){this.say(this.texts.count("added",number));}
announceProgress(percent){const step=Math.floor(percent/STEP);if(step>this.step)this.say(this.texts.format.percent(percent),"progress");this.step=step;}
say(text,topic=text){if(!this.unsaid.size)setTimeout(()=>this.speak(),DELAY);this.unsaid.delete(topic);this.unsaid.set(topic,text);}
speak(){if(this.live)this.live.textContent=[...this.unsaid.values()].slice(-3).join("\n");this.unsaid.clear();}}
Object.assign(window.ChunkedUploads,{Speaking});})();
"use strict";(function(){const CLASS="chunked-uploads-";const UNDO=8000;function make(tag,part,...children){const element=document.createElement(tag);element.className=`${CLASS}${part}`;element.append(...children);return element;}
function makeButton(look,text,press,action){const button=make("button",`button ${CLASS}${look}`,text);button.type="button";if(action)button.dataset.action=action;button.addEventListener("click",(event)=>{event.stopPropagation();press();});return button;}
function show(root,element){const isAbove="popover"in element;if(isAbove)element.popover="manual";else element.lang=root.lang;(isAbove?root:document.body).append(element);if(isAbove)element.showPopover();}
class Above{constructor(root,texts){this.root=root;this.texts=texts;this.overlay=null;this.toast=null;}
end(){this.hideOverlay();this.dismissToast();}
showOverlay(text,limits,fan){if(this.overlay)return;const invitation=make("div","invitation",text);const about=make("div","limits",limits);this.overlay=make("div",`over ${CLASS}is-near`,...(fan?[fan.cloneNode(true)]:[]),invitation,about);show(this.root,this.overlay);}
hideOverlay(){if(this.overlay)this.overlay.remove();this.overlay=null;}
tell(text,{undo=null,end=()=>{}}={}){this.dismissToast();const toast=make("div","toast",make("span","name",make("span","",text)));const timer=new Countdown(UNDO,()=>this.dismissToast());if(undo){toast.append(makeButton("tinted",this.texts.text("undo"),()=>{end=()=>{};undo();this.dismissToast();},"undo"),);const bar=make("span","bar");bar.setAttribute("aria-hidden","true");toast.append(bar);}
["pointerenter","focusin"].forEach((name)=>toast.addEventListener(name,()=>timer.stop()));["pointerleave","focusout"].forEach((name)=>toast.addEventListener(name,()=>timer.start()));this.toast={element:toast,finish:()=>(timer.stop(),end())};show(this.root,toast);timer.start();}
dismissToast(){const{toast}=this;if(!toast)return;this.toast=null;toast.element.remove();toast.finish();}
ask(question,why,wanted){return new Promise((resolve)=>{const keep=makeButton("tinted",this.texts.text("keep"),()=>dialog.close());const go=makeButton("danger",wanted,()=>dialog.close("yes"));const title=make("div","invitation",question);const dialog=make("dialog","confirm",title,make("div","limits",why),make("div","ways",keep,go));dialog.setAttribute("aria-label",question);dialog.addEventListener("close",()=>{dialog.remove();resolve(dialog.returnValue==="yes");});dialog.addEventListener("click",(event)=>{event.stopPropagation();if(event.target===dialog)dialog.close();});this.root.append(dialog);dialog.showModal();});}}
class Countdown{constructor(milliseconds,act){this.left=milliseconds;this.act=act;this.timer=null;this.began=0;}
start(){this.stop();this.began=performance.now();this.timer=setTimeout(this.act,this.left);}
stop(){if(this.timer===null)return;clearTimeout(this.timer);this.timer=null;this.left-=performance.now()-this.began;}}
Object.assign(window.ChunkedUploads,{Above});})();
"use strict";(function(){const{Above,List,Piece,Speaking,Summary,Texts,bringIcons}=window.ChunkedUploads;const{isWorthRetrying}=window.ChunkedUploads;const REDRAW=100;const HURRIED_REDRAW=300;const MANY=50;const COARSE="(hover: none) and (pointer: coarse)";class View extends Piece{constructor(root,{limits,notification,pictures,queue}){super(root);bringIcons();this.queue=queue;this.limits=limits;this.isMultiple=root.dataset.multiple!=="false";this.isCompact=root.classList.contains("chunked-uploads-compact");this.texts=new Texts(root);this.speaking=new Speaking(this.find("live"),this.texts);this.above=new Above(root,this.texts);this.pictures=pictures;this.changed=new Set();this.redraw=null;this.limitsText="";this.drawn=0;this.hasEnded=false;const tools={texts:this.texts,focusElsewhere:()=>this.focus()};const summary=this.find("summary");this.summary=summary&&new Summary(summary,{...tools,notification});this.list=this.makeList(tools);this.renderDrop();this.clear();}
makeList(tools){const[list,row,fold]=["list","row-template","fold-template"].map((part)=>this.find(part));if(!list||!row||!fold)return null;const{isCompact,pictures}=this;const made=new List(list,{...tools,rowTemplate:row,template:row,foldTemplate:fold,isCompact,pictures});const hold=({pointerType})=>pointerType!=="touch"&&made.hold(()=>this.renderSoon());const release=()=>{made.release();this.renderSoon();};["pointermove","keydown","focusin"].forEach((name)=>list.addEventListener(name,hold));["pointerleave","focusout"].forEach((name)=>list.addEventListener(name,release));return made;}
clear(){if(this.list){this.list.element.replaceChildren();this.list.element.hidden=true;}
if(this.summary)this.summary.element.hidden=true;this.element.dataset.state="idle";if(this.find("drop"))this.find("drop").hidden=false;}
end(){this.hasEnded=true;this.above.end();this.pictures.end();}
renderDrop(){const{element,texts}=this;const isCoarse=window.matchMedia(COARSE).matches;element.dataset.pointer=isCoarse?"coarse":"fine";this.renderInvitation();const{types,size}=texts.limits(this.limits,this.isMultiple);this.limitsText=[types,...size].filter(Boolean).join(", ");this.put("limits",this.limitsText);const input=this.find("input");if(input&&this.limits.accept.length)input.accept=this.limits.accept.join(",");}
renderInvitation(){const{element,isMultiple,texts}=this;const isCoarse=element.dataset.pointer==="coarse";const hasFiles=element.dataset.state==="filled"&&isMultiple;const kind=hasFiles?"-more":isMultiple||isCoarse?kindOf(this.limits.accept,isCoarse):"-one";const one=!isMultiple&&!kind?"-one":kind;this.put("invitation",texts.text(`${isCoarse ? "add" : "drop"}${one}`));}
showDrag(drag){if(!drag){this.above.hideOverlay();return;}
const{element,texts}=this;const{name}=element.dataset;const key=!name||!drag.count?"over-here":drag.count>1?"over":"over-one";const text=texts.count(key,drag.count,{name});this.above.showOverlay(text,this.limitsText,this.find("fan"));}
showLogin(isMissing){const login=this.find("login");if(login)login.hidden=!isMissing;}
focus(){const button=[...this.element.querySelectorAll(".chunked-uploads-ways button")].find((each)=>each.offsetParent!==null,);if(button)button.focus();}
note(upload){if(this.list){if(upload.isCancelled)this.list.drop(upload);else this.list.note(upload);}
this.changed.add(upload);this.renderSoon();}
remove(upload){if(this.list)this.list.drop(upload);this.renderSoon();}
uploadOf(element){return this.list&&element?this.list.uploadOf(element):null;}
uploadsOf(element){return this.list&&element?this.list.uploadsOf(element):[];}
showProgress(upload){this.changed.add(upload);this.renderSoon();}
renderSoon(){if(this.redraw!==null)return;const pause=this.queue.completeness.count>MANY?HURRIED_REDRAW:REDRAW;const wait=Math.max(0,this.drawn+pause-performance.now());this.redraw=setTimeout(()=>{this.redraw=null;if(!this.hasEnded)this.render();},wait);}
render(){this.drawn=performance.now();const total=this.queue.total();this.speaking.announceProgress(total.percent);const isFocusLost=this.renderState(this.queue.shown>0);if(this.list)this.list.render(this.changed);if(isFocusLost&&this.list)[...this.list.rows.values()].slice(0,1).forEach((row)=>row.focus());this.changed.clear();const canRetry=this.queue.failed.some(({failure})=>isWorthRetrying(failure));if(this.summary)this.summary.render(total,canRetry);if(this.summary&&this.isCompact)this.summary.element.hidden=true;}
renderState(hasFiles){const{element}=this;const state=hasFiles?"filled":"idle";const drop=this.find("drop");const isFocusLost=this.isCompact&&hasFiles&&drop.contains(document.activeElement);if(drop&&this.isCompact)drop.hidden=hasFiles;if(element.dataset.state!==state){element.dataset.state=state;this.renderInvitation();}
return isFocusLost;}
tell(text,options){const isInForm=this.isCompact&&!options;if(isInForm)this.showError(text);else this.above.tell(text,options);this.speaking.say(text);}
showError(text){const error=this.find("error");if(!error)return;this.element.toggleAttribute("data-invalid",Boolean(text));error.firstElementChild.textContent=text;error.hidden=!text;}}
function kindOf(accept,isCoarse){const kinds=new Set(accept.map((token)=>token.replace(/\/.*$/,"")));const only=(...wanted)=>kinds.size&&[...kinds].every((kind)=>wanted.includes(kind));if(only("image"))return"-image";if(only("video"))return"-video";return isCoarse&&only("image","video")?"-media":"";}
Object.assign(window.ChunkedUploads,{View});})();
"use strict";(function(){const MUCH=100e6;class Withdrawing{constructor(above,texts){this.above=above;this.texts=texts;this.pending=new Set();}
async withdraw(uploads){if(!uploads.length)return;if(uploads.some(isMuch)){if(await this.ask(uploads,"ask-cancel","cancel"))uploads.forEach((upload)=>upload.cancel());return;}
this.pending.add(uploads);uploads.forEach((upload)=>upload.withdraw());this.above.tell(this.textOf("cancelled",uploads),{undo:()=>this.decide(uploads,"restore"),end:()=>this.decide(uploads,"cancel"),});}
ask(uploads,key="ask-replace",wanted="replace"){const{texts}=this;const size=texts.format.bytes(uploads.reduce((sum,{held})=>sum+held,0));const why=texts.text("ask-why",{size});return this.above.ask(this.textOf(key,uploads),why,texts.text(wanted));}
isWorthAsking(uploads){return uploads.some(isMuch);}
textOf(key,uploads){const{texts}=this;if(uploads.length===1)return texts.text(key,{name:uploads[0].name});const size=texts.format.bytes(uploads.reduce((sum,each)=>sum+each.size,0));return texts.count(`${key}-all`,uploads.length,{size});}
decide(uploads,action){if(this.pending.delete(uploads))uploads.forEach((upload)=>upload[action]());}
settleInHaste(){this.pending.forEach((uploads)=>this.decide(uploads,"cancelInHaste"));}}
function isMuch({held,size,isFinished}){return!isFinished&&held>0&&(held>MUCH||held>size/2);}
Object.assign(window.ChunkedUploads,{Withdrawing});})();
"use strict";(function(){const{describe}=window.ChunkedUploads;const CALLBACKS=new Set(["start","stop","error","complete"]);class Notices{constructor(root,texts){this.root=root;this.texts=texts;this.started=new Set();this.withdrawn=new Set();}
reportState(upload){const{state,failure,result}=upload;const error=failure?describe(failure,this.texts):{};if(state==="queued"&&!this.started.has(upload)){this.started.add(upload);this.dispatch("start",upload);}
if(state==="refused")this.dispatch("refuse",upload,error);if(state==="paused")this.dispatch("pause",upload);if(this.isError(upload))this.dispatch("error",upload,error);if(state==="complete"){this.dispatch("complete",upload,result);this.callBack("video_url",result.video_url);}
if(state==="cancelled")this.dispatch("cancel",upload);this.reportWithdrawal(upload);if(upload.isGoing||state==="cancelling")return;if(this.started.delete(upload))this.dispatch("stop",upload);}
reportWithdrawal(upload){const{withdrawn}=this;if(upload.goneOn){withdrawn.add(upload);this.dispatch("withdraw",upload);}else if(withdrawn.delete(upload)&&!upload.isCancelled)this.dispatch("restore",upload);}
isError(upload){const{state,failure}=upload;if(state==="refused")return this.started.has(upload);return Boolean(failure)&&["failed","missing"].includes(state);}
dispatch(name,upload,more={},options={}){const detail=upload?{...more,...factsOf(upload)}:{};const event=new CustomEvent(`chunkeduploads:${name}`,{bubbles:true,detail,...options});const isLetBe=this.root.dispatchEvent(event);if(CALLBACKS.has(name))this.callBack(name,detail);return isLetBe;}
callBack(name,value){const spellings=[`chunked_upload_${name}`,`chunked_uploads_${name}`];new Set(spellings.map((spelling)=>window[spelling])).forEach((callback)=>{if(typeof callback!=="function")return;try{callback(value);}catch(error){setTimeout(()=>{throw error;});}});}}
function factsOf(upload){const{file,path,state,name,size,held,sent,percent,timeLeft,speed,known}=upload;return{upload,file,path,state,name,total_size:size,size:held,sent,percent,speed,time_left:timeLeft,upload_uuid:known&&known.upload_uuid,};}
Object.assign(window.ChunkedUploads,{Notices});})();
"use strict";(function(){const MIB=1024*1024;const OPTIONS={chunkSize:8*MIB,filesInFlight:4,rangesInFlight:2,patience:45,};function optionsOf({dataset}){const options=Object.entries(OPTIONS).map(([name,usual])=>{const value=Number(dataset[name]);return[name,value>0?value:usual];});return Object.fromEntries(options);}
function siteOf(root){const{dataset}=root;const form=root.closest("form");const field=form&&form.elements.namedItem("csrfmiddlewaretoken");return{upload_url:dataset.uploadUrl,done_url:dataset.doneUrl,csrf_token:dataset.csrfToken||(field?field.value:""),csrf_cookie:dataset.csrfCookie,max_size:dataset.maxSize,max_files:dataset.maxFiles,accept:dataset.accept||dataset.extensions,query:dataset.query,};}
Object.assign(window.ChunkedUploads,{optionsOf,siteOf});})();
"use strict";(function(){const{fromList,listen,notification}=window.ChunkedUploads;const WAYS=new Set(["choose","chooseFolder","gallery","camera"]);const OF_ALL=new Set(["startAll","resumeAll","pauseAll","withdrawAll","retryFailed","clear"]);class Visitor{constructor(uploader){this.uploader=uploader;this.listening=new AbortController();this.listenForFiles();this.listenForPresses();}
leave(){this.listening.abort();}
listenForFiles(){const{choosing,root,view}=this.uploader;const{signal}=this.listening;root.querySelectorAll("input[type=file][class*=chunked-uploads]").forEach((input)=>{input.addEventListener("change",()=>{const files=fromList(input.files);input.value="";if(input.capture)choosing.addNew(files);else choosing.add(files);},{signal});input.addEventListener("cancel",()=>choosing.forget(),{signal});});listen(root,{add:(files)=>choosing.add(files),showDrag:(drag)=>view.showDrag(drag),signal,});}
listenForPresses(){const{uploader}=this;const{signal}=this.listening;const press=(event)=>{const button=event.target.closest("[data-action]");if(button&&event.detail<2)this.act(button);};uploader.root.addEventListener("click",press,{signal});const wake=()=>uploader.uploads.forEach((upload)=>upload.wake());window.addEventListener("online",wake,{signal});window.addEventListener("focus",wake,{signal});window.addEventListener("pagehide",()=>uploader.goAway(),{signal});}
act(button){const{uploader}=this;const{choosing,view}=uploader;const line=button.closest(".chunked-uploads-row");const upload=view.uploadOf(line);const{action}=button.dataset;if(upload)this.actOn(upload,action);else if(action==="dismiss")view.uploadsOf(line).forEach((each)=>uploader.remove(each));else if(action==="show")view.list.showProblems();else if(action==="notify")notification.ask();else if(WAYS.has(action))choosing[action]();else if(OF_ALL.has(action))uploader[action]();}
actOn(upload,action){const{uploader}=this;const{choosing}=uploader;if(action==="choose")choosing.askFor(upload);else if(action==="continue")choosing.continueWith(upload);else if(action==="replace")choosing.choose();else if(action==="dismiss"||action==="remove")uploader.remove(upload);else if(action==="cancel")uploader.withdrawing.withdraw([upload]);else if(action==="pause")upload.pause();else uploader.go(upload,action);}}
Object.assign(window.ChunkedUploads,{Visitor});})();
"use strict";(function(){const{ChunkSizer,Choosing,Digests,Notices,Pictures,Queue}=window.ChunkedUploads;const{Server,Upload,View,Visitor,Withdrawing,describe}=window.ChunkedUploads;const{fromList,isWorthRetrying,keepShown,lookElsewhere}=window.ChunkedUploads;const{notification,optionsOf,recallHandle,siteOf}=window.ChunkedUploads;const TICK=500;const uploaders=window.ChunkedUploads.uploaders||new Set();class Uploader{constructor(root,send){this.root=root;this.options=optionsOf(root);this.server=new Server(siteOf(root));this.digests=new Digests(this.isSet("digests")?root.dataset.digestWorker:"");this.ticker=null;this.queue=new Queue({files:this.options.filesInFlight,ranges:this.options.rangesInFlight,everywhere:()=>[...uploaders].map(({queue})=>queue),});this.transport={send,digests:this.digests,sizer:new ChunkSizer(),options:this.options,maxInFlight:()=>this.queue.maxInFlight(),};this.view=new View(root,{limits:this.limits,notification,pictures:new Pictures(),queue:this.queue,});this.notices=new Notices(root,this.view.texts);this.withdrawing=new Withdrawing(this.view.above,this.view.texts);this.choosing=new Choosing(this);this.visitor=new Visitor(this);this.askBeforeLeaving=this.askBeforeLeaving.bind(this);uploaders.add(this);if(this.isSet("showUnfinished"))this.showUnfinished();}
isSet(name){return this.root.dataset[name]!=="false";}
get uploads(){return this.queue.uploads;}
get limits(){return this.server.limits;}
async add(files){await this.choosing.add(fromList(files));}
startAll(){this.each(["ready"],(upload)=>upload.start());}
resumeAll(){this.each(["paused","failed"],(upload)=>this.go(upload,"resume"));}
retryFailed(){this.each(["failed"],(upload)=>{if(isWorthRetrying(upload.failure))this.go(upload,"retry");});}
pauseAll(){this.choosing.hold();this.queue.waitingFirst.forEach((upload)=>upload.pause());}
cancelAll(){this.choosing.end();this.cancelable.forEach((upload)=>upload.cancel());}
withdrawAll(){this.choosing.end();this.withdrawing.withdraw(this.cancelable.filter(({isFinished,isCancelled})=>!isFinished&&!isCancelled));}
get cancelable(){return this.queue.waitingFirst.filter(({state})=>state!=="missing");}
clear(){this.each(["complete","refused"],(upload)=>this.remove(upload));}
addFinished(finished){return this.put({finished});}
goAway(){this.withdrawing.settleInHaste();keepShown(uploadsOfPage());}
leave(){uploaders.delete(this);this.choosing.end();this.pauseAll();this.visitor.leave();this.view.end();this.digests.end();lookElsewhere();}
each(states,act){this.uploads.filter(({state})=>states.includes(state)).forEach(act);}
go(upload,action){if(action!=="start")this.notices.dispatch("resume",upload);upload.start();}
addUpload(origin,isToBegin=true){const upload=this.make(origin);const refusal=origin.file&&this.choosing.refusalOf(origin.file);if(origin.file&&!refusal&&!this.isWanted(upload))return null;this.show(upload);if(refusal)upload.refuse(refusal);else if(upload.state==="refused"||!origin.file)this.handle(upload,"state");else if(isToBegin&&this.isSet("autoStart"))upload.start();else this.handle(upload,"state");return upload;}
isWanted(upload){return this.notices.dispatch("add",upload,{},{cancelable:true});}
make(origin){const upload=new Upload(origin,{server:this.server,transport:this.transport,others:()=>uploadsOfPage().filter((each)=>each!==upload),report:(change)=>this.handle(upload,change),chunkSize:this.options.chunkSize,});return upload;}
show(upload){this.queue.add(upload);this.view.note(upload);}
put(origin){const upload=this.make(origin);this.show(upload);this.handle(upload,"state");return upload;}
async showUnfinished(){let listed;try{listed=await this.server.unfinished(new AbortController().signal);}catch(failure){this.view.showLogin(failure.status===401);return;}
const handles=await Promise.all(listed.map(recallHandle));const isHere=({name,total_size})=>[...uploaders].some(({queue})=>queue.named({name,size:total_size}).length);listed.forEach((known,i)=>{if(!isHere(known))this.addUpload({known,handle:handles[i]});});}
note(key,values){this.view.tell(this.view.texts.text(key,values));}
remove(upload){this.removeFromList(upload);this.notices.dispatch("remove",upload);}
removeFromList(upload){this.queue.remove(upload);this.view.remove(upload);}
handle(upload,change){const{queue,view}=this;if(!queue.has(upload))return;if(change==="progress"){queue.noteSent(upload);view.showProgress(upload);if(upload.isRunning)this.notices.dispatch("progress",upload);return;}
queue.note(upload);view.note(upload);if(upload.state==="cancelled")this.removeCancelled(upload);this.choosing.check(upload);view.speaking.announceState(upload,queue);this.tellRefusal(upload);this.tellLogin(upload);this.notices.reportState(upload);uploaders.forEach((each)=>each.queue.startNext());this.watch(queue.isRunning);}
tellRefusal({failure,name,state}){const{texts}=this.view;if(!this.view.isCompact||state==="cancelling")return;const reason=state==="refused"?describe(failure,texts).sentence:"";this.view.showError(reason&&texts.text("was-not-taken",{name,reason}));}
tellLogin({failure,state}){if(state==="waiting")this.view.showLogin(failure.status===401);else if(state==="uploading")this.view.showLogin(false);}
removeCancelled(upload){this.removeFromList(upload);const{failure,isKept,name}=upload;if(failure)this.note("cancelled-here",{name});else if(isKept)this.note("cancelled-late",{name});else this.view.speaking.say(this.view.texts.text("cancelled",{name}));}
watch(isRunning){if(isRunning===Boolean(this.ticker))return;const act=isRunning?"addEventListener":"removeEventListener";window[act]("beforeunload",this.askBeforeLeaving);clearInterval(this.ticker);this.ticker=isRunning?setInterval(()=>this.tick(),TICK):null;if(!isRunning)this.notices.dispatch("idle",null);}
tick(){this.queue.running.forEach((upload)=>{upload.tick();this.view.showProgress(upload);});}
askBeforeLeaving(event){event.preventDefault();event.returnValue="";}}
function uploadsOfPage(){return[...uploaders].flatMap(({queue})=>queue.uploads);}
Object.assign(window.ChunkedUploads,{Uploader,uploaders});})();
"use strict";(function(){const{Uploader,uploaders}=window.ChunkedUploads;const $=window.jQuery.noConflict(true);if(!window.jQuery)window.jQuery=$;if(!window.$)window.$=$;const SETTINGS={dropZone:null,pasteZone:null,multipart:false,type:"POST",dataType:"json",};function makeUploader(root){const widget=$(root).fileupload({...SETTINGS,fileInput:$()});return new Uploader(root,(settings)=>widget.fileupload("send",settings));}
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
