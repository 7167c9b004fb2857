/** `@granary/bench/provider`: how fast a provider takes pieces and gives content, how soon it is ready, and what it takes when it is idle. Node only. */
export { benchGateway } from './bench-gateway.ts'
export { benchIdle } from './bench-idle.ts'
export { benchReady } from './bench-ready.ts'
export { benchUpload } from './bench-upload.ts'
