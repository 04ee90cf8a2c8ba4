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
"use strict";(function(){const WINDOW=10000;const FIRST_SPEED_AFTER=1500;const UNITS=["byte","kilobyte","megabyte","gigabyte","terabyte"];class SpeedMeter{constructor(){this.reset();}
reset(){this.samples=[];}
add(bytes,now=performance.now()){const last=this.samples[this.samples.length-1];if(last&&bytes<last.bytes)this.reset();this.samples.push({bytes,now});while(this.samples.length>2&&now-this.samples[1].now>WINDOW){this.samples.shift();}}
speed(now=performance.now()){if(this.samples.length<2)return null;const first=this.samples[0];const last=this.samples[this.samples.length-1];const elapsed=now-first.now;if(elapsed<FIRST_SPEED_AFTER)return null;return((last.bytes-first.bytes)*1000)/elapsed;}}
class ShownBytes{constructor(size,there=0,shown=0){this.size=size;this.bytes=Math.min(Math.max(there,shown),size);this.base={there,shown:this.bytes};}
note(there){const{base,size}=this;const way=size-base.there;const share=way>0?(there-base.there)/way:1;const bytes=Math.round(base.shown+share*(size-base.shown));if(bytes<this.bytes)this.base={there,shown:this.bytes};else this.bytes=Math.min(bytes,size);}}
function scale(count){let value=count;let power=0;while(value>=999.5&&power<UNITS.length-1){value/=1000;power+=1;}
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
Object.assign(window.ChunkedUploads,{Formatter,ShownBytes,SpeedMeter});})();
"use strict";(function(){const CURABLE_CODES=new Set(["body_cut","digest_mismatch"]);const HOPELESS_CODES=new Set(["in_use","content_conflict"]);const OUT_OF_STEP=new Set(["range_conflict","ambiguous"]);const CURABLE_STATUSES=new Set([401,408,409,423,425,429]);class RequestFailed extends Error{constructor(status,answer,retryAfter){super(`The request failed with status ${status}.`);this.name="RequestFailed";this.status=status;this.answer=answer||{};this.isFromUploads=Boolean(answer&&answer.error);this.retryAfter=secondsUntil(retryAfter);}
get detail(){return this.answer.detail||"";}
get isOfOtherFile(){return this.answer.error==="content_conflict";}
get isOfWholeFile(){return this.answer.error==="file_refused";}
get isOutOfStep(){return OUT_OF_STEP.has(this.answer.error);}
get isCurable(){if(HOPELESS_CODES.has(this.answer.error))return false;return(this.status<400||this.status>=500||CURABLE_STATUSES.has(this.status)||CURABLE_CODES.has(this.answer.error));}}
function secondsUntil(retryAfter){if(!retryAfter)return 0;const seconds=/^\d+$/.test(retryAfter.trim())?Number(retryAfter):(Date.parse(retryAfter)-Date.now())/1000;return Math.max(0,seconds||0);}
function parseList(text){try{const answer=JSON.parse(text);return Array.isArray(answer)?answer:null;}catch(error){return null;}}
function failureOf(request){if(!request||!request.status)return new RequestFailed(0);const list=parseList(request.responseText);return new RequestFailed(request.status,list&&list[0],request.getResponseHeader("Retry-After"),);}
class FileChanged extends Error{}
class OtherContent extends Error{}
class FileRefused extends Error{constructor(key,values){super(key);this.key=key;this.values=values;}}
window.ChunkedUploads=Object.assign(window.ChunkedUploads||{},{FileChanged,FileRefused,OtherContent,RequestFailed,failureOf,parseList,});})();
"use strict";(function(){const{RequestFailed,parseList}=window.ChunkedUploads;const NIL_UUID="00000000-0000-0000-0000-000000000000";const SMALLEST_CHUNK=64*1024;const USUAL_LIMIT=1024*1024;const MOST_METADATA=4096;const PATIENCE=45;const PATIENCE_FOR_DONE=600;function toQuery(url,parameters){const target=new URL(url,document.baseURI);new URLSearchParams(parameters).forEach((value,name)=>{target.searchParams.set(name,value);});return target;}
function metadataOf(path){const metadata=JSON.stringify({relativePath:path});const isKept=new TextEncoder().encode(metadata).length<=MOST_METADATA;return path&&isKept?{metadata}:{};}
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
async finish(known,signal){await this.authenticate();const request=known.done_url?this.plain(known.done_url):this.withCredentials(this.endpoints.done_url.replace(NIL_UUID,known.upload_uuid),);return(await this.send("POST",request,signal,PATIENCE_FOR_DONE))[0]||{};}
async remove(known,signal){await this.send("DELETE",this.plain(known.delete_url),signal);}
async send(method,{url,headers,withCookies},signal,patience=PATIENCE){if(signal.aborted)throw new RequestFailed(0);const controller=new AbortController();const giveUp=()=>controller.abort();const timer=setTimeout(giveUp,patience*1000);signal.addEventListener("abort",giveUp);let response,text;try{response=await fetch(url,{method,headers,signal:controller.signal,cache:"no-store",credentials:withCookies?"include":"same-origin",});text=await response.text();}catch(error){throw new RequestFailed(0);}finally{clearTimeout(timer);signal.removeEventListener("abort",giveUp);}
const list=text?parseList(text):[];if(response.ok&&list)return list;const retryAfter=response.headers.get("Retry-After");throw new RequestFailed(response.status,list&&list[0],retryAfter);}}
Object.assign(window.ChunkedUploads,{SMALLEST_CHUNK,Server});})();
"use strict";(function(){const{SMALLEST_CHUNK}=window.ChunkedUploads;const KIB=1024;const FIRST_CHUNK=128*KIB;const SLOW=8*KIB;const LONG=10;const GROWTH=4;class ChunkSizer{constructor(){this.most=FIRST_CHUNK;this.speed=SLOW;}
noteSuccess(bytes,seconds){const speed=bytes/Math.max(seconds,0.001);if(bytes>=SMALLEST_CHUNK)this.speed=speed;const fitting=Math.min(speed*LONG,this.most*GROWTH);if(seconds>LONG)this.limit(fitting);else this.most=Math.max(this.most,rounded(fitting));}
noteCut(bytes){this.limit(bytes/2);}
limit(bytes){this.most=rounded(Math.min(bytes,this.most));}}
function rounded(bytes){return Math.max(1,Math.floor(bytes/SMALLEST_CHUNK))*SMALLEST_CHUNK;}
Object.assign(window.ChunkedUploads,{ChunkSizer,FIRST_CHUNK});})();
"use strict";(function(){const{FIRST_CHUNK,RequestFailed,SMALLEST_CHUNK,failureOf}=window.ChunkedUploads;const CHECK=1000;class ChunkRequest extends XMLHttpRequest{constructor(digest,patience,report){super();this.digest=digest;this.patience=patience;this.isOver=false;this.upload.addEventListener("progress",(event)=>{this.moved();report(event.loaded);});this.addEventListener("progress",()=>this.moved());this.addEventListener("loadend",()=>this.end());}
async send(body){const digest=await this.digest;if(this.isOver)return;if(digest)this.setRequestHeader("Content-Digest",`sha-256=:${digest}:`);super.send(body);this.moved();this.watch=setInterval(()=>{if(Date.now()-this.lastMove>this.patience*1000)this.abort();},CHECK);}
abort(){this.end();super.abort();}
moved(){this.lastMove=Date.now();}
end(){this.isOver=true;clearInterval(this.watch);}}
class Sending{constructor(upload,signal){this.upload=upload;this.total=upload.file.size;this.landed=upload.known?upload.known.received:0;this.flying=new Set();this.requests=new Set();this.prepared=null;this.failure=null;this.signal=signal;this.goOn();}
run(){const{signal}=this;const abort=()=>this.stop(new RequestFailed(0));signal.addEventListener("abort",abort);return new Promise((resolve,reject)=>{this.settle=()=>{signal.removeEventListener("abort",abort);if(this.failure)reject(this.failure);else resolve();};this.pump();});}
get lanes(){return this.upload.known?this.upload.lanes():1;}
goOn(){const{held,known}=this.upload;this.cursor=held;this.bound=known&&known.gap?held+known.gap:this.total;}
pump(){while(!this.failure&&!this.isAtEnd&&this.flying.size<this.lanes){this.launch(this.take());}
if(!this.flying.size)this.settle();}
get isAtEnd(){return this.cursor>=this.bound&&(this.total>0||this.upload.known!==null);}
take(){const{prepared,cursor,bound}=this;const fits=prepared&&prepared.start===cursor&&prepared.stop<=bound;const chunk=fits?prepared:this.prepare();this.cursor=chunk.stop;this.prepared=null;if(this.upload.known&&chunk.stop<bound)this.prepared=this.prepare();return chunk;}
prepare(){const start=this.cursor;const stop=Math.min(start+this.chunkSize(),this.bound);const blob=this.upload.file.slice(start,stop);const digest=this.upload.digests.of(blob);return{start,stop,blob,digest,left:0,began:0};}
chunkSize(){const{known,mostAtOnce}=this.upload;return known||this.total<=mostAtOnce?mostAtOnce:Math.min(mostAtOnce,FIRST_CHUNK);}
async launch(chunk){const{sizer}=this.upload;const size=chunk.stop-chunk.start;chunk.began=performance.now();this.flying.add(chunk);try{const answers=await this.request(chunk);this.flying.delete(chunk);sizer.noteSuccess(size,(performance.now()-chunk.began)/1000);this.takeAnswer(chunk,answers);}catch(failure){this.flying.delete(chunk);failure.chunkSize=size;if(!failure.status&&!this.failure)sizer.noteCut(size);const{error}=failure.answer||{};if(error==="range_busy")sizer.limit(SMALLEST_CHUNK);this.stop(failure);}
this.pump();}
request(chunk){const{upload}=this;const{start,stop}=chunk;const{url,headers,withCookies}=upload.chunkRequest();return new Promise((resolve,reject)=>{const request=upload.send({files:[upload.file],blob:chunk.blob,contentRange:this.total?`bytes ${start}-${stop - 1}/${this.total}`:"",url,headers,xhrFields:{withCredentials:withCookies},xhr:()=>new ChunkRequest(chunk.digest,upload.patience,(bytes)=>{chunk.left=bytes;this.report();}),});this.requests.add(request);request.always(()=>this.requests.delete(request));request.done(resolve).fail((failed)=>reject(failureOf(failed)));});}
takeAnswer(chunk,answers){const answer=Array.isArray(answers)&&answers[0];if(!answer||!answer.url)throw new RequestFailed(200);const{upload}=this;if(!upload.known||answer.received>=upload.known.received)upload.learn(answer);const isAlone=this.flying.size===0;this.landed=isAlone?upload.known.received:this.landed+chunk.stop-chunk.start;this.report();if(!isAlone)return;if(upload.held<this.cursor)throw new RequestFailed(409);this.goOn();}
report(){if(this.failure)return;const flying=[...this.flying].reduce((sum,chunk)=>sum+this.arrived(chunk),0);this.upload.setSent(this.landed+flying);}
arrived({began,left}){const seconds=(performance.now()-began)/1000;return Math.min(left,Math.floor(seconds*this.upload.sizer.speed));}
stop(failure){this.failure=this.failure||failure;if(!failure.status)this.requests.forEach((request)=>request.abort());}}
Object.assign(window.ChunkedUploads,{Sending});})();
"use strict";(function(){const{OtherContent}=window.ChunkedUploads;const OUT_OF_REACH=new Set([401,403,404,410]);const NOBODYS="-";const WAIT=2;const MOST_WAITS=4;async function findOnServer(upload,signal){const{known,server,isUnproven}=upload;const state=isUnproven?null:await findByUrl(known,server,signal);if(state)return state;const found=isUnproven?await findWithProof(upload,signal):await findByFile(upload,signal);return findByUrl(found,server,signal);}
async function findByUrl(known,server,signal){if(!known)return null;try{return await stateAtRest(known,server,signal);}catch(failure){if(OUT_OF_REACH.has(failure.status))return null;throw failure;}}
async function stateAtRest(known,server,signal){let received=-1;for(let waits=0;;waits+=1){const asked=performance.now();const state=await server.stateAtRest(known,WAIT,signal);const isAtRest=performance.now()-asked<WAIT*1000;if(!state||isAtRest||waits===MOST_WAITS)return state;if(state.received>received)waits=0;received=state.received;}}
async function findByFile(upload,signal){const{file,fingerprint,server,size}=upload;const taken=upload.others().filter((other)=>other.file&&other.known);const uuids=taken.map(({known})=>known.upload_uuid);const answers=await server.matching(file,fingerprint,signal);const free=answers.filter(({total_size,upload_uuid})=>total_size===size&&!uuids.includes(upload_uuid),);const proven=await withFingerprint(upload,free,signal);return proven.sort((one,other)=>other.received-one.received)[0]||null;}
async function findWithProof(upload,signal){const{file,fingerprint,known,server,isVouchedFor}=upload;const isIt=({upload_uuid})=>upload_uuid===known.upload_uuid;const found=(await server.matching(file,fingerprint,signal)).filter(isIt);if(found.length){const proven=isVouchedFor?found:await withFingerprint(upload,found,signal);if(!proven.length)throw new OtherContent();return proven[0];}
if((await server.matching(file,"",signal)).some(isIt))throw new OtherContent();return findByFile(upload,signal);}
async function withFingerprint({file,server},answers,signal){if(!answers.length)return[];const without=await server.matching(file,NOBODYS,signal);const uuids=without.map(({upload_uuid})=>upload_uuid);return answers.filter(({upload_uuid})=>!uuids.includes(upload_uuid));}
Object.assign(window.ChunkedUploads,{OUT_OF_REACH,findByFile,findOnServer});})();
"use strict";(function(){const{OUT_OF_REACH,findByFile}=window.ChunkedUploads;const GONE=new Set([404,410]);async function takeBack(upload,signal){const{server}=upload;if(!upload.known&&upload.hasBegun)upload.known=await findByFile(upload,signal);const{known}=upload;if(!known)return false;try{const{state}=(await server.state(known,signal))||{};if(state==="COMPLETE")return true;await server.remove(known,signal);return false;}catch(failure){if(!OUT_OF_REACH.has(failure.status))throw failure;if(!GONE.has(failure.status)&&(await isListed(known,server,signal)))throw failure;return upload.isAllThere&&wasFinished(known,server,signal);}}
async function isListed({upload_uuid},server,signal){const listed=await server.unfinished(signal);return listed.some((each)=>each.upload_uuid===upload_uuid);}
async function wasFinished(known,server,signal){try{await server.finish(known,signal);return true;}catch(failure){if(OUT_OF_REACH.has(failure.status))return false;throw failure;}}
Object.assign(window.ChunkedUploads,{takeBack});})();
"use strict";(function(){const FIRST_PAUSE=1;const LONGEST_PAUSE=60;const LONGEST_PAUSE_OFFLINE=10;const LONGEST_WAIT=86400;const MAX_REFUSALS=30;const PATIENT=new Set([0,401,429]);class Retrying{constructor(server,announce){this.server=server;this.announce=announce;this.retryAt=0;this.endWaiting=()=>{};this.reset();}
reset(){this.attempts=0;}
async persist(operation,signal,maxAttempts=Infinity){this.reset();for(;;){try{return await operation();}catch(failure){if(signal.aborted)throw failure;await this.recover(failure,signal,maxAttempts);}}}
async recover(failure,signal,maxAttempts){if(failure.status===413)return this.shrinkChunks(failure);this.attempts+=1;if(this.attempts===1&&failure.isOutOfStep)return;if([401,403].includes(failure.status)&&(await this.renewAccess()))return;if(signal.aborted)throw failure;const most=PATIENT.has(failure.status)?Infinity:MAX_REFUSALS;const isHopeless=!failure.isCurable||this.attempts>=Math.min(most,maxAttempts);if(isHopeless)throw failure;const longest=failure.status?LONGEST_PAUSE:LONGEST_PAUSE_OFFLINE;const growing=Math.min(longest,FIRST_PAUSE*2**(this.attempts-1));const jittered=growing*(0.5+Math.random()/2);const seconds=Math.max(jittered,Math.min(failure.retryAfter,LONGEST_WAIT));await this.wait(seconds,failure,signal);}
async renewAccess(){const isNew=await this.server.renewAccess();return isNew&&(this.attempts===1||!this.server.canRenewCredentials);}
shrinkChunks(failure){const isOfProxy=!failure.isFromUploads&&failure.chunkSize;if(!isOfProxy||!this.server.shrinkChunks(failure.chunkSize))throw failure;}
async wait(seconds,failure,signal){this.retryAt=Date.now()+seconds*1000;this.announce(failure);await new Promise((resolve)=>{const end=()=>{clearTimeout(timer);signal.removeEventListener("abort",end);resolve();};const timer=setTimeout(end,seconds*1000);this.endWaiting=end;signal.addEventListener("abort",end);});if(signal.aborted)throw failure;this.server.renewCsrfToken();}}
Object.assign(window.ChunkedUploads,{Retrying});})();
"use strict";(function(){const KEY="chunked-uploads-shown";const isWorthKeeping=({known,isSettled,isLeaving})=>known&&!isSettled&&!isLeaving;const before=takeKept();function takeKept(){try{const kept=JSON.parse(window.sessionStorage.getItem(KEY));window.sessionStorage.removeItem(KEY);return kept||{};}catch(error){return{};}}
function keepShown(uploads){const shown=uploads.filter(isWorthKeeping).map(({known,shown:{bytes}})=>[known.upload_uuid,bytes]);try{window.sessionStorage.setItem(KEY,JSON.stringify(Object.fromEntries(shown)));}catch(error){}}
function recallShown({upload_uuid}){return Number(before[upload_uuid])||0;}
Object.assign(window.ChunkedUploads,{keepShown,recallShown});})();
"use strict";(function(){const{FileChanged,OtherContent,RequestFailed,fingerprint}=window.ChunkedUploads;const{Retrying,Sending,ShownBytes,SpeedMeter}=window.ChunkedUploads;const{OUT_OF_REACH,findOnServer,recallShown,takeBack}=window.ChunkedUploads;const MAX_CANCEL_ATTEMPTS=5;const CALM=300;const RUNNING=new Set(["checking","uploading","waiting","finishing"]);const IDLE=new Set(["ready","paused","failed"]);const SETTLED=new Set(["complete","refused"]);const LEAVING=new Set(["cancelling","cancelled"]);function randomDigits(){const[number]=window.crypto.getRandomValues(new Uint32Array(1));return number.toString(16).padStart(8,"0");}
class Upload{constructor({file=null,path="",known=null},settings){Object.assign(this,settings);this.file=file;this.path=path;this.known=known;this.name=file?file.name:known.name;this.size=file?file.size:known.total_size;this.state=file?"ready":"missing";this.isKept=false;this.hasBegun=false;this.isVouchedFor=false;this.isUnproven=known!==null;this.content=null;this.salt="";this.held=known?known.size:0;this.sent=known?known.received:0;this.shown=new ShownBytes(this.size,this.sent,known?recallShown(known):0);this.failure=null;this.result=null;this.meter=new SpeedMeter();this.sending=null;this.calmAt=0;this.retrying=new Retrying(this.server,(failure)=>this.wait(failure));this.controller=new AbortController();this.furthest=0;}
get percent(){if(this.state==="complete")return 100;if(!this.size)return 0;return Math.min(99,Math.floor((this.shown.bytes*100)/this.size));}
get fingerprint(){const{content,salt}=this;return content&&content.slice(0,content.length-salt.length)+salt;}
get isRunning(){return RUNNING.has(this.state);}
get isIdle(){return IDLE.has(this.state);}
get isGoing(){return this.isRunning||this.state==="queued";}
get isSettled(){return SETTLED.has(this.state);}
get isLeaving(){return LEAVING.has(this.state);}
get mostAtOnce(){return Math.min(this.chunkSize,this.server.largestChunk,this.sizer.most);}
get isSmallAndNew(){return!this.known&&!this.hasBegun&&this.size<=this.mostAtOnce;}
get isAllThere(){return this.known!==null&&this.known.size>=this.size;}
get timeLeft(){const speed=this.speed;return speed?(this.size-this.sent)/speed:null;}
get speed(){return this.state==="uploading"?this.meter.speed():null;}
start(){if(!this.isIdle)return;this.takeTurn();this.setState("queued");}
refuse(refusal){this.setState("refused",refusal);}
attach({file,path=""},{isVouchedFor=false,isToStart=true}={}){this.file=file;this.path=path;this.isVouchedFor=isVouchedFor;this.setState(isToStart?"queued":"ready");}
async pause(){if(!this.isGoing)return;const signal=this.takeTurn();this.setState("paused");await this.peek(signal);}
async peek(signal){try{if(this.known&&!this.isAllThere)await this.askWhereToGoOn(signal);}catch(failure){}
if(signal.aborted)return;this.setSent(Math.min(this.sent,this.known?this.known.received:0));}
async cancel(){if(this.isSettled||this.isLeaving)return;const signal=this.takeTurn();this.setState("cancelling");let failure=null;try{const attempt=()=>takeBack(this,signal);this.isKept=await this.retrying.persist(attempt,signal,MAX_CANCEL_ATTEMPTS);}catch(error){failure=error;}
this.setState("cancelled",failure);}
wake(){if(this.state==="waiting"&&[0,401].includes(this.failure.status)){this.retrying.endWaiting();}}
wait(failure){if(this.state!=="cancelling")this.setState("waiting",failure);}
get retryAt(){return this.retrying.retryAt;}
async run(){const signal=this.takeTurn();try{this.result=await this.retrying.persist(()=>this.advance(signal),signal);if(signal.aborted)return;this.held=this.sent=this.size;this.shown.note(this.size);this.setState("complete");}catch(failure){if(!signal.aborted)this.fail(failure);}}
fail(failure){if(failure.isOfOtherFile||failure.isOfWholeFile)this.letGo();if(failure.isOfOtherFile)this.salt=randomDigits();if(failure.isOfWholeFile){this.refuse(failure);return;}
const isFileLost=failure instanceof FileChanged&&this.known!==null;if(isFileLost||failure instanceof OtherContent){this.file=null;this.isUnproven=true;}
this.setState(this.file?"failed":"missing",failure);}
letGo(){this.known=null;this.hasBegun=false;this.held=this.sent=0;this.shown=new ShownBytes(this.size);}
async advance(signal){if(signal.aborted)throw new RequestFailed(0);if(!this.isAllThere||this.isUnproven){this.setState("checking");if(this.isSmallAndNew)await this.checkFile();else await this.askWhereToGoOn(signal);if(signal.aborted)throw new RequestFailed(0);this.hasBegun=true;if(!this.isAllThere)await this.sendTheRest(signal);if(signal.aborted)throw new RequestFailed(0);}
this.setState("finishing");return this.finish(signal);}
async sendTheRest(signal){await this.server.authenticate();if(signal.aborted)throw new RequestFailed(0);this.meter.reset();this.meter.add(this.sent);this.setState("uploading");this.sending=new Sending(this,signal);try{await this.sending.run();}catch(failure){if(!signal.aborted)this.endSending();throw failure;}
this.sending=null;if(!this.isAllThere)throw new RequestFailed(409);}
async finish(signal){try{return await this.server.finish(this.known,signal);}catch(failure){if(failure.status===409&&failure.answer.size>=0){this.known.size=failure.answer.size;}
if(OUT_OF_REACH.has(failure.status))this.known=null;throw failure;}}
async askWhereToGoOn(signal){await Promise.all([this.checkFile(),this.calm()]);if(signal.aborted)throw new RequestFailed(0);const answer=await findOnServer(this,signal);if(signal.aborted)throw new RequestFailed(0);const{known}=this;if(known&&(!answer||answer.upload_uuid!==known.upload_uuid))this.letGo();this.isUnproven=false;this.known=null;this.held=0;if(answer)this.learn(answer);this.setSent(answer?answer.received:0);}
async checkFile(){let current;try{current=await fingerprint(this.file);}catch(error){throw new FileChanged(error.message);}
const isOther=this.content&&this.content!==current;if(isOther&&!this.isUnproven)throw new FileChanged();this.content=current;}
chunkRequest(){return this.server.chunkRequest(this);}
learn(answer){this.known={...this.known,...answer};if(answer.chunk_size>0)this.chunkSize=answer.chunk_size;this.held=answer.size;if(answer.size>this.furthest){this.furthest=answer.size;this.retrying.reset();}}
setSent(bytes){this.sent=Math.min(bytes,this.size);this.shown.note(this.sent);this.meter.add(this.sent);this.report("progress");}
tick(){if(this.sending)this.sending.report();}
calm(){const left=this.calmAt-performance.now();return left>0?new Promise((resolve)=>setTimeout(resolve,left)):null;}
takeTurn(){this.controller.abort();if(this.sending)this.endSending();this.controller=new AbortController();return this.controller.signal;}
endSending(){this.sending=null;this.calmAt=performance.now()+CALM;}
setState(state,failure=null){this.state=state;this.failure=failure;this.report("state");}}
Object.assign(window.ChunkedUploads,{Upload});})();
"use strict";(function(){const MOST_REQUESTS=4;class Queue{constructor({files,ranges,everywhere}){this.files=files;this.ranges=ranges;this.everywhere=everywhere;this.uploads=[];}
get running(){return this.uploads.filter((upload)=>upload.isRunning);}
get counted(){return this.uploads.filter(({state})=>!["missing","refused"].includes(state));}
get waitingFirst(){return[...this.uploads].sort((one,other)=>one.isRunning-other.isRunning);}
add(upload){this.uploads.push(upload);}
remove(upload){this.uploads=this.uploads.filter((each)=>each!==upload);}
pump(){if(this.running.length>=this.files)return;let running=this.runningEverywhere();for(const upload of this.uploads){if(upload.state!=="queued"||hasTwin(upload,running))continue;upload.run();if(this.running.length>=this.files)return;running=this.runningEverywhere();}}
runningEverywhere(){return this.everywhere().filter(({isRunning})=>isRunning);}
lanes(){const share=Math.floor(MOST_REQUESTS/Math.max(1,this.runningEverywhere().length));return Math.max(1,Math.min(this.ranges,share));}
total(){const uploads=this.counted;const sum=(value)=>uploads.reduce((total,upload)=>total+value(upload),0);const size=sum((upload)=>upload.size);const sent=sum(({shown})=>shown.bytes);const left=uploads.filter(({isGoing})=>isGoing);const rest=left.reduce((total,upload)=>total+upload.size-upload.sent,0);const complete=uploads.filter(({state})=>state==="complete").length;const speed=sum((upload)=>upload.speed||0);const isComplete=complete===uploads.length;const share=size?Math.min(99,Math.floor((sent*100)/size)):0;return{count:uploads.length,complete,size,sent,speed:speed||null,timeLeft:speed?rest/speed:null,percent:isComplete?100:share,};}}
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
function listen(root,{take,showDrag,signal}){let timer=null;const over=(event)=>root.contains(event.target);const on=(name,listener)=>{const check=(event)=>{if(hasFiles(event.dataTransfer||event.clipboardData))listener(event);};document.addEventListener(name,check,{signal});};const end=()=>{clearTimeout(timer);showDrag("");};on("dragover",(event)=>{clearTimeout(timer);timer=setTimeout(end,DRAG_ENDS_AFTER);showDrag(over(event)?"over":"near");if(!isOurs(root,event))return;event.preventDefault();event.dataTransfer.dropEffect=over(event)?"copy":"none";});on("dragleave",(event)=>{if(!event.relatedTarget)end();});on("drop",async(event)=>{end();if(!isOurs(root,event))return;event.preventDefault();if(over(event))take(await fromTransfer(event.dataTransfer));});on("paste",(event)=>{if(event.defaultPrevented||!isFor(root,elementAt(event)))return;event.preventDefault();take(fromList(event.clipboardData.files));});}
function elementAt({target}){return target instanceof Element?target:target.parentElement||document.body;}
function isOurs(root,event){const other=elementAt(event).closest("[data-chunked-uploads], input[type=file]");return root.contains(event.target)||!(event.defaultPrevented||other);}
function isFor(root,target){const nearest=target.closest("[data-chunked-uploads]");if(nearest)return nearest===root;return!target.closest(EDITABLE)&&document.querySelector("[data-chunked-uploads]")===root;}
Object.assign(window.ChunkedUploads,{fromList,listen,refusalOf});})();
"use strict";(function(){const{FileRefused,refusalOf}=window.ChunkedUploads;const AT_ONCE=50;class Choosing{constructor(uploader){this.uploader=uploader;this.wanted=null;this.guesses=new Map();this.ends=0;this.holds=0;}
askFor(upload){this.wanted=upload;this.uploader.input.click();}
forget(){this.wanted=null;}
end(){this.ends+=1;}
hold(){this.holds+=1;}
async take(found){const wanted=this.wanted;this.wanted=null;this.uploader.view.note("");const files=this.noteUnread(found);if(wanted&&wanted.state==="missing")this.takeFor(wanted,files);else if(this.uploader.isSet("multiple"))await this.takeAll(files);else if(files.length)this.takeOnly(files);}
noteUnread(found){const names=found.filter(({file})=>!file).map(({path})=>path);if(names.length)this.uploader.note("unreadable",{names:names.slice(0,3).join(", ")});return found.filter(({file})=>file);}
async takeAll(files){const before=this.uploader.queue.uploads.length;const{ends,holds}=this;for(let i=0;i<files.length;i+=1){if(i&&i%AT_ONCE===0)await moment();if(ends!==this.ends)break;this.takeOne(files[i],holds===this.holds);}
const count=this.uploader.queue.uploads.length-before;if(count>1)this.uploader.view.sayAdded(count);}
takeFor(upload,files){const mine=files.find(({file})=>isNamed(upload,file));const others=files.filter((each)=>each!==mine);if(mine)this.attach(upload,mine,true);else if(others.length===1){const{texts}=this.uploader.view;const size=texts.format.bytes(upload.size);upload.fail(new FileRefused("other-file",{name:upload.name,size}));return;}
this.takeAll(others);}
takeOnly([origin,...more]){const{file}=origin;const there=this.uploader.uploads.filter(({state,isLeaving})=>state!=="missing"&&!isLeaving);if(more.length)this.uploader.note("one-file");if(there.some((upload)=>isSame(upload,origin)))return;const refusal=this.refusalOf(file);if(refusal&&there.length){this.uploader.note(refusal.key,refusal.values);return;}
this.takeOne(origin);there.forEach((upload)=>(upload.isSettled?this.uploader.remove(upload):upload.cancel()));}
takeOne(origin,isToGo=true){const{file,path}=origin;const same=this.uploader.uploads.filter((upload)=>isNamed(upload,file)&&!upload.isLeaving);const missing=same.find(({state})=>state==="missing");if(missing){this.guesses.set(missing,origin);this.attach(missing,origin,false,isToGo);}else if(same.some((upload)=>!upload.isSettled&&isSame(upload,origin))){this.uploader.note("listed",{name:path||file.name});}else{this.uploader.enlist(origin,isToGo);}}
attach(upload,origin,isVouchedFor,isToGo=true){const isToStart=isToGo&&this.uploader.isSet("autoStart");upload.attach(origin,{isVouchedFor,isToStart});}
refusalOf(file){return refusalOf(file,this.uploader.server.limits,this.uploader.view.texts.format);}
check(upload){const origin=this.guesses.get(upload);if(!origin)return;if(upload.isUnproven&&!upload.isLeaving&&upload.state!=="missing")return;this.guesses.delete(upload);if(upload.state==="missing")this.uploader.enlist(origin);}}
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
figures(){const{state,size,shown,speed,timeLeft}=this.upload;const{texts}=this;const total=texts.format.bytes(size);if(!shown.bytes||shown.bytes===size)return[total];return[texts.text("bytes",{sent:texts.format.bytes(shown.bytes),total})].concat(texts.pace(speed,timeLeft),);}
message(){const{state,size,sent,failure,retryAt}=this.upload;const{texts}=this;const told=failure&&state!=="cancelling"?describe(failure,texts).sentence:"";if(state==="waiting"){const seconds=Math.max(1,Math.ceil((retryAt-Date.now())/1000));const{format}=texts;const time=seconds<60?format.unit(seconds,"second"):format.duration(seconds);return`${told} ${texts.text("again-in", { time })}`;}
if(state==="missing")return told||texts.text("choose-again");if(state!=="ready"||!sent)return told;const percent=texts.format.percent(Math.floor((sent*100)/size));return texts.text("held",{percent});}
renderActions(actions){const focused=document.activeElement;this.buttons.forEach((button)=>{button.hidden=!actions.includes(button.dataset.action);});if(focused&&focused.hidden&&this.element.contains(focused))this.focus();}
focus(){const button=this.buttons.find((each)=>!each.hidden);(button||this.element).focus();}}
Object.assign(window.ChunkedUploads,{Piece,Row,describe});})();
"use strict";(function(){const{Formatter,Piece,Row,describe}=window.ChunkedUploads;const SPOKEN_STEP=25;const REDRAW=100;const SUM=["total-line","total-progress","total-figures"];const BREATH=700;class Texts{constructor(root){this.format=new Formatter(root.lang||document.documentElement.lang);this.messages=root.querySelector(".chunked-uploads-messages").content;}
text(key,values={}){const message=this.messages.querySelector(`[data-message="${key}"]`);if(!message)return"";return message.textContent.replace(/\{(\w+)\}/g,(gap,name)=>values[name]);}
pace(speed,timeLeft){const texts=[];if(speed===null)return texts;texts.push(this.format.speed(speed));if(timeLeft)texts.push(this.text("time-left",{time:this.format.duration(timeLeft)}));return texts;}}
class View extends Piece{constructor(root,limits){super(root);this.texts=new Texts(root);this.template=root.querySelector(".chunked-uploads-row-template");this.rows=new Map();this.dirty=new Set();this.isTouched=false;this.unsaid=new Map();this.told=new WeakMap();this.spokenStep=0;this.renderLimits(limits);this.clear();this.find("body").hidden=false;}
clear(){this.find("list").replaceChildren();this.find("list").hidden=this.find("total").hidden=true;this.element.dataset.state="idle";}
renderLimits({maxSize,extensions}){const{texts}=this;const told=[];if(maxSize<Infinity)told.push(texts.text("up-to",{size:texts.format.bytes(maxSize)}));if(extensions.length)told.push(texts.text("types",{types:extensions.join(", ")}));this.put("limits",told.join(" "));}
add(upload){const row=new Row(upload,this.template,this.texts);this.rows.set(upload,row);const list=this.find("list");list.append(row.element);list.hidden=false;}
remove(upload){const{element}=this.rows.get(upload);const hasFocus=element.contains(document.activeElement);const neighbour=element.nextElementSibling||element.previousElementSibling;element.remove();this.rows.delete(upload);if(!hasFocus)return;const row=[...this.rows.values()].find((each)=>each.element===neighbour);if(row)row.focus();else this.find("input").focus();}
uploadOf(element){const found=[...this.rows].find(([,row])=>row.element===element);return found?found[0]:null;}
touch(upload,queue){this.dirty.add(upload);this.touchTotal(queue);}
touchTotal(queue){if(this.isTouched)return;this.isTouched=true;setTimeout(()=>{this.isTouched=false;this.dirty.forEach((upload)=>this.render(upload));this.dirty.clear();this.renderTotal(queue);},REDRAW);}
render(upload){const row=this.rows.get(upload);if(row)row.render();}
renderTotal(queue){const{texts}=this;const total=queue.total();const isSum=total.count>1;this.element.dataset.state=stateOf(queue);this.find("list").hidden=queue.uploads.length===0;SUM.forEach((part)=>{this.find(part).hidden=!isSum;});this.renderActions(queue,isSum);if(!isSum)return;const percent=texts.format.percent(total.percent);this.put("total-status",texts.text("complete-of",this.counts(total)));this.put("total-percent",percent);const progress=this.find("total-progress");progress.value=total.percent;progress.setAttribute("aria-valuetext",percent);const size=texts.format.bytes(total.size);const sent=texts.format.bytes(total.sent);const bytes=total.percent<100?texts.text("bytes",{sent,total:size}):size;const figures=[bytes,...texts.pace(total.speed,total.timeLeft)];this.put("total-figures",figures.join(" · "));}
counts({complete,count}){const{format}=this.texts;return{done:format.number(complete),count:format.number(count)};}
renderActions({uploads},areSeveral){const has=(...states)=>uploads.some(({state})=>states.includes(state));const isGoing=uploads.some((upload)=>upload.isGoing);const shown={startAll:areSeveral&&has("ready"),resumeAll:areSeveral&&has("paused","failed"),pauseAll:areSeveral&&isGoing,cancelAll:areSeveral&&(isGoing||has("paused","failed")),clear:uploads.length>1&&has("complete","refused"),};const total=this.find("total");const buttons=[...total.querySelectorAll("[data-action]")];const focused=buttons.find((button)=>button===document.activeElement);total.hidden=!areSeveral&&!shown.clear;buttons.forEach((button)=>{button.hidden=!shown[button.dataset.action];});if(focused&&focused.hidden){(buttons.find((button)=>!button.hidden)||this.find("input")).focus();}}
showDrag(where){this.element.classList.toggle("chunked-uploads-is-near",where!=="");this.element.classList.toggle("chunked-uploads-is-over",where==="over");}
announceState(upload,queue){const{texts}=this;const{state,name,failure}=upload;const isAlone=queue.counted.length<2;const said=`${name}: ${texts.text(state)}`;if(failure&&state!=="cancelled"){this.sayOnce(upload,`${said}. ${describe(failure, texts).sentence}`);}else if(state==="paused"||(isAlone&&["uploading","complete"].includes(state))){this.say(said,name);}else if(state==="complete"&&queue.total().percent===100){this.say(texts.text("all-complete"),name);}}
sayOnce(upload,text){if(this.told.get(upload)!==text)this.say(text,upload.name);this.told.set(upload,text);}
sayAdded(number){this.say(this.texts.text("added",{count:this.texts.format.number(number)}));}
announceProgress(queue){const{percent}=queue.total();const step=Math.floor(percent/SPOKEN_STEP);if(step>this.spokenStep)this.say(this.texts.format.percent(percent),"progress");this.spokenStep=step;}
say(text,topic=text){if(!this.unsaid.size)setTimeout(()=>this.speak(),BREATH);this.unsaid.delete(topic);this.unsaid.set(topic,text);}
speak(){this.find("live").textContent=[...this.unsaid.values()].slice(-3).join("\n");this.unsaid.clear();}
note(text){this.put("note",text);if(text)this.say(text);}}
function stateOf({uploads,running,counted}){if(!uploads.length)return"idle";if(running.length)return"running";const has=(state)=>counted.some((upload)=>upload.state===state);if(has("failed"))return"failed";if(has("paused"))return"paused";return counted.length&&counted.every(({state})=>state==="complete")?"complete":"waiting";}
Object.assign(window.ChunkedUploads,{View});})();
"use strict";(function(){const{describe}=window.ChunkedUploads;const CALLBACKS=new Set(["start","stop","error","complete"]);class Notices{constructor(root,texts){this.root=root;this.texts=texts;this.started=new Set();}
pass(upload){const{state,failure,result}=upload;const error=failure?describe(failure,this.texts):{};if(state==="queued"&&!this.started.has(upload)){this.started.add(upload);this.tell("start",upload);}
if(state==="refused")this.tell("refuse",upload,error);if(state==="paused")this.tell("pause",upload);if(this.isError(upload))this.tell("error",upload,error);if(state==="complete"){this.tell("complete",upload,result);this.callBack("video_url",result.video_url);}
if(state==="cancelled")this.tell("cancel",upload);if(upload.isGoing||state==="cancelling")return;if(this.started.delete(upload))this.tell("stop",upload);}
isError(upload){const{state,failure}=upload;if(state==="refused")return this.started.has(upload);return Boolean(failure)&&["failed","missing"].includes(state);}
tell(name,upload,more={}){const detail=upload?{...more,...factsOf(upload)}:{};const event=new CustomEvent(`chunkeduploads:${name}`,{bubbles:true,detail});this.root.dispatchEvent(event);if(CALLBACKS.has(name))this.callBack(name,detail);}
callBack(name,value){const spellings=[`chunked_upload_${name}`,`chunked_uploads_${name}`];new Set(spellings.map((spelling)=>window[spelling])).forEach((callback)=>{if(typeof callback!=="function")return;try{callback(value);}catch(error){setTimeout(()=>{throw error;});}});}}
function factsOf(upload){const{file,path,state,name,size,held,sent,percent,timeLeft,speed,known}=upload;return{upload,file,path,state,name,total_size:size,size:held,sent,percent,speed,time_left:timeLeft,upload_uuid:known&&known.upload_uuid,};}
Object.assign(window.ChunkedUploads,{Notices});})();
"use strict";(function(){const MIB=1024*1024;const OPTIONS={chunkSize:8*MIB,filesInFlight:4,rangesInFlight:2,patience:45,};function optionsOf({dataset}){const told=Object.entries(OPTIONS).map(([name,usual])=>{const value=Number(dataset[name]);return[name,value>0?value:usual];});return Object.fromEntries(told);}
function siteOf(root){const{dataset}=root;const form=root.closest("form");const field=form&&form.elements.namedItem("csrfmiddlewaretoken");return{upload_url:dataset.uploadUrl,done_url:dataset.doneUrl,csrf_token:dataset.csrfToken||(field?field.value:""),csrf_cookie:dataset.csrfCookie,max_size:dataset.maxSize,extensions:dataset.extensions,query:dataset.query,};}
Object.assign(window.ChunkedUploads,{optionsOf,siteOf});})();
"use strict";(function(){const{ChunkSizer,Choosing,Digests,Notices,Queue}=window.ChunkedUploads;const{Server,Upload,View}=window.ChunkedUploads;const{fromList,keepShown,listen,optionsOf,siteOf}=window.ChunkedUploads;const TICK=500;const uploaders=window.ChunkedUploads.uploaders||new Set();class Uploader{constructor(root,send){this.root=root;this.send=send;this.options=optionsOf(root);this.server=new Server(siteOf(root));this.digests=new Digests(this.isSet("digests")?root.dataset.digestWorker:"");this.sizer=new ChunkSizer();this.queue=new Queue({files:this.options.filesInFlight,ranges:this.options.rangesInFlight,everywhere:uploadsOfPage,});this.view=new View(root,this.server.limits);this.notices=new Notices(root,this.view.texts);this.input=this.view.find("input");this.choosing=new Choosing(this);this.leaving=new AbortController();this.askBeforeLeaving=this.askBeforeLeaving.bind(this);this.listenToVisitor();uploaders.add(this);if(this.isSet("showUnfinished"))this.showUnfinished();}
isSet(name){return this.root.dataset[name]!=="false";}
get uploads(){return[...this.queue.uploads];}
async add(files){await this.choosing.take(fromList(files));}
startAll(){this.each(["ready"],(upload)=>upload.start());}
resumeAll(){this.each(["paused","failed"],(upload)=>this.go(upload,"resume"));}
pauseAll(){this.choosing.hold();this.queue.waitingFirst.forEach((upload)=>upload.pause());}
cancelAll(){this.choosing.end();const uploads=this.queue.waitingFirst.filter(({state})=>state!=="missing");uploads.forEach((upload)=>upload.cancel());}
clear(){this.each(["complete","refused"],(upload)=>this.remove(upload));}
leave(){uploaders.delete(this);this.choosing.end();this.pauseAll();this.leaving.abort();this.digests.end();}
each(states,act){this.uploads.filter(({state})=>states.includes(state)).forEach(act);}
listenToVisitor(){const{root,view}=this;const{signal}=this.leaving;root.querySelectorAll("input[type=file]").forEach((input)=>{input.addEventListener("change",()=>{const files=fromList(input.files);input.value="";this.choosing.take(files);},{signal});});this.input.addEventListener("cancel",()=>this.choosing.forget(),{signal});listen(root,{take:(files)=>this.choosing.take(files),showDrag:(where)=>view.showDrag(where),signal,});const press=(event)=>{const button=event.target.closest("[data-action]");if(button&&event.detail<2)this.act(button);};root.addEventListener("click",press,{signal});const wake=()=>this.uploads.forEach((upload)=>upload.wake());window.addEventListener("online",wake,{signal});window.addEventListener("pagehide",()=>keepShown(uploadsOfPage()),{signal});window.addEventListener("focus",wake,{signal});}
act(button){const upload=this.view.uploadOf(button.closest(".chunked-uploads-row"));const{action}=button.dataset;if(!upload)this[action]();else if(action==="choose")this.choosing.askFor(upload);else if(action==="remove")this.remove(upload);else if(action==="pause"||action==="cancel")upload[action]();else this.go(upload,action);}
go(upload,action){if(action!=="start")this.notices.tell("resume",upload);upload.start();}
enlist(origin,isToGo=true){const upload=new Upload(origin,{server:this.server,digests:this.digests,sizer:this.sizer,send:this.send,report:(news)=>this.hear(upload,news),lanes:()=>this.queue.lanes(),others:()=>uploadsOfPage().filter((each)=>each!==upload),chunkSize:this.options.chunkSize,patience:this.options.patience,});this.queue.add(upload);this.view.add(upload);const refusal=origin.file&&this.choosing.refusalOf(origin.file);if(refusal)upload.refuse(refusal);else if(origin.file&&isToGo&&this.isSet("autoStart"))upload.start();else this.hear(upload,"state");}
async showUnfinished(){let listed;try{listed=await this.server.unfinished(new AbortController().signal);}catch(failure){return;}
const isHere=({name,total_size})=>uploadsOfPage().some((upload)=>upload.name===name&&upload.size===total_size);listed.filter((known)=>!isHere(known)).forEach((known)=>this.enlist({known}));}
note(key,values){this.view.note(this.view.texts.text(key,values));}
remove(upload){this.takeOut(upload);this.notices.tell("remove",upload);}
takeOut(upload){this.queue.remove(upload);this.view.remove(upload);this.view.touchTotal(this.queue);}
hear(upload,news){const{queue,view}=this;if(!queue.uploads.includes(upload))return;if(news==="progress"){view.touch(upload,queue);if(!upload.isRunning)return;view.announceProgress(queue);this.notices.tell("progress",upload);return;}
if(upload.state==="cancelled")this.drop(upload);else view.render(upload);view.touchTotal(queue);this.choosing.check(upload);view.announceState(upload,queue);this.notices.pass(upload);uploaders.forEach((each)=>each.queue.pump());this.watch(queue.running.length>0);}
drop(upload){this.takeOut(upload);const told=upload.isKept?"cancelled-late":"cancelled";this.note(upload.failure?"cancelled-here":told,{name:upload.name});}
watch(isRunning){if(isRunning===Boolean(this.ticker))return;const act=isRunning?"addEventListener":"removeEventListener";window[act]("beforeunload",this.askBeforeLeaving);clearInterval(this.ticker);this.ticker=isRunning?setInterval(()=>this.tick(),TICK):null;if(!isRunning)this.notices.tell("idle",null);}
tick(){this.queue.running.forEach((upload)=>{upload.tick();this.view.touch(upload,this.queue);});}
askBeforeLeaving(event){event.preventDefault();event.returnValue="";}}
function uploadsOfPage(){return[...uploaders].flatMap(({queue})=>queue.uploads);}
Object.assign(window.ChunkedUploads,{Uploader,uploaders});})();
"use strict";(function(){const{Uploader,uploaders}=window.ChunkedUploads;const $=window.jQuery.noConflict(true);if(!window.jQuery)window.jQuery=$;if(!window.$)window.$=$;const SETTINGS={dropZone:null,pasteZone:null,multipart:false,type:"POST",dataType:"json",};function makeUploader(root){const body=$(root).find(".chunked-uploads-body");body.fileupload({...SETTINGS,fileInput:$()});return new Uploader(root,(settings)=>body.fileupload("send",settings));}
const ROOT="[data-chunked-uploads]";function connect(place){place.querySelectorAll(ROOT).forEach((root)=>{if(root.chunkedUploads||root.closest(".empty-form"))return;root.chunkedUploads=makeUploader(root);root.chunkedUploads.notices.tell("ready",null);});}
function disconnect(){uploaders.forEach((uploader)=>{if(uploader.root.isConnected)return;uploader.leave();delete uploader.root.chunkedUploads;});}
$(()=>{connect(document);const observer=new MutationObserver((changes)=>{const added=changes.flatMap(({addedNodes})=>[...addedNodes]);added.filter((node)=>node.parentElement&&node.matches).filter((node)=>node.matches(ROOT)||node.querySelector(ROOT)).forEach((node)=>connect(node.parentElement));disconnect();});observer.observe(document.documentElement,{childList:true,subtree:true});});})();
"use strict";(function(){if(window.ChunkedUploads.Field)return;const NEWS=["start","stop","progress","refuse","remove","cancel","idle"];const TAKEN_BACK=new Set(["remove","cancel"]);const MOVED=["id","accept","aria-describedby","aria-invalid"];class Field{constructor(element){this.element=element;this.root=element.querySelector("[data-chunked-uploads]");this.plain=element.querySelector("input[type=file][name]");this.claim=element.querySelector("input[type=hidden]");this.kept=element.querySelector(".chunked-uploads-field-kept");this.told=element.querySelector(".chunked-uploads-field-told");this.texts=element.querySelector(".chunked-uploads-field-messages").content;this.uploader=this.root.chunkedUploads;this.isRequired=this.plain.required;this.hasUpload=false;this.message="";this.leaving=new AbortController();this.takeOver();}
takeOver(){const{plain,root}=this;const input=root.querySelector(".chunked-uploads-input");MOVED.filter((name)=>plain.hasAttribute(name)).forEach((name)=>{input.setAttribute(name,plain.getAttribute(name));plain.removeAttribute(name);});const chosen=[...plain.files];plain.value="";plain.hidden=plain.disabled=true;this.guard=guardOf(plain.form);if(this.guard)this.guard.add(this);const{signal}=this.leaving;NEWS.forEach((name)=>{root.addEventListener(`chunkeduploads:${name}`,()=>this.hear(name),{signal});});if(chosen.length)this.uploader.add(chosen);else this.hear("ready");}
get upload(){return this.uploader.uploads.filter(({isLeaving})=>!isLeaving).pop()||null;}
get isRunning(){return this.upload!==null&&this.upload.isGoing;}
complaint(isLenient){const{upload}=this;if(this.element.matches("fieldset:disabled *"))return"";if(!upload)return this.isMissing&&!isLenient?"missing":"";if(upload.state==="complete"||this.isRunning)return"";return upload.state==="refused"?"refused":"stopped";}
get isMissing(){return this.isRequired&&!(this.kept&&this.kept.checked);}
hear(news){const{upload}=this;const isComplete=upload!==null&&upload.state==="complete";this.claim.value=isComplete?claimOf(upload):"";this.claim.disabled=!isComplete;this.giveWay(upload!==null);if(!this.guard||!this.element.isConnected)return;if(!this.guard.isWaiting&&this.message!==this.complaint())this.tell("");if(TAKEN_BACK.has(news)&&!upload)this.guard.release();else this.guard.settle();}
giveWay(hasUpload){if(hasUpload===this.hasUpload)return;this.hasUpload=hasUpload;if(!this.kept)return;this.kept.checked=!hasUpload;this.kept.closest("p").hidden=hasUpload;}
tell(name){this.message=name;const message=name&&this.texts.querySelector(`[data-message="${name}"]`);this.told.textContent=message?message.textContent:"";this.told.hidden=!message;}
focus(){const row=this.root.querySelector(".chunked-uploads-row button:not([hidden])");(row||this.root.querySelector(".chunked-uploads-input")).focus();}
empty(){this.tell("");this.uploader.cancelAll();this.uploader.clear();}}
class Guard{constructor(form){this.form=form;this.fields=new Set();this.isWaiting=false;this.submitter=null;form.addEventListener("submit",(event)=>this.check(event),true);form.addEventListener("reset",(event)=>{setTimeout(()=>event.defaultPrevented||this.reset());});}
add(field){this.fields.add(field);}
reset(){this.fields.forEach((field)=>field.empty());this.release();}
get running(){return[...this.fields].filter((field)=>field.isRunning);}
get isTakingBack(){const uploads=[...this.fields].flatMap(({uploader})=>uploader.uploads);return uploads.some(({state})=>state==="cancelling");}
complain(isLenient){let first=null;this.fields.forEach((field)=>{const complaint=field.complaint(isLenient);field.tell(complaint);if(complaint&&!first)first=field;});return first;}
check(event){const{submitter}=event;const isLenient=this.form.noValidate||Boolean(submitter&&submitter.formNoValidate);const wrong=this.complain(isLenient);const{running}=this;this.isWaiting=!wrong&&running.length>0;if(!wrong&&!this.isWaiting)return;event.preventDefault();event.stopImmediatePropagation();if(wrong){wrong.focus();return;}
this.submitter=submitter;running.forEach((field)=>field.tell("waiting"));}
settle(){if(!this.isWaiting||this.isTakingBack)return;if(this.complain(true)){this.isWaiting=false;return;}
this.running.forEach((field)=>field.tell("waiting"));if(this.running.length)return;this.isWaiting=false;setTimeout(()=>this.send());}
send(){const{form,submitter}=this;const isThere=submitter&&submitter.isConnected&&submitter.form===form;form.requestSubmit(isThere?submitter:null);}
release(){this.isWaiting=false;this.fields.forEach((field)=>field.tell(""));}}
const guards=new WeakMap();function guardOf(form){if(form&&!guards.has(form))guards.set(form,new Guard(form));return form?guards.get(form):null;}
function claimOf({known}){return`${known.upload_uuid}:${new URL(known.url).searchParams.get("token")}`;}
const fields=new Set();function connect(root){const element=root.closest("[data-chunked-uploads-field]");if(!element||element.chunkedUploadsField)return;element.chunkedUploadsField=new Field(element);fields.add(element.chunkedUploadsField);}
document.addEventListener("chunkeduploads:ready",(event)=>connect(event.target));new MutationObserver(()=>{fields.forEach((field)=>{if(field.element.isConnected)return;fields.delete(field);const{guard}=field;field.guard=null;field.empty();field.leaving.abort();delete field.element.chunkedUploadsField;if(guard){guard.fields.delete(field);guard.settle();}});}).observe(document.documentElement,{childList:true,subtree:true});Object.assign(window.ChunkedUploads,{Field});})();
