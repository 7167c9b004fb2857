import { stripTypeScriptTypes } from 'node:module'

// Types become spaces: lines and columns survive, so no source map is needed.
export default { process: (source) => ({ code: stripTypeScriptTypes(source) }) }
