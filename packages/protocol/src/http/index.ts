/** `@granary/protocol/http`: operations served over Express, and the document of what is served. */
export { type OpenApiDocument, type OpenApiParts, openApi } from './open-api.ts'
export { openStream } from './open-stream.ts'
export { listenTo, mount, type Served, type ServedOperation, serve } from './serve.ts'
