/** The owner's listener: loopback alone, with a token that is new at each start and lies in the home. */
import { newToken, removeAdminAccess, writeAdminAccess } from '../admin-access.ts'
import { type AdminContext, createAdminApp } from './admin-app.ts'
import { listen } from './listen.ts'

export interface ServeAdminOptions extends Omit<AdminContext, 'token'> {
  /** 0: any free one. */
  readonly port: number
  /** Where what is needed to reach it is written. */
  readonly accessPath: string
}

const ADMIN_CONNECTIONS = 16

/** @returns what closes it */
export async function serveAdmin({ port, accessPath, ...context }: ServeAdminOptions): Promise<() => Promise<void>> {
  const token = newToken()
  const listener = await listen('127.0.0.1', port, { addressOf: () => undefined, connections: ADMIN_CONNECTIONS })
  try {
    listener.serve(createAdminApp({ ...context, token }))
    await writeAdminAccess(accessPath, { url: listener.url, token })
  } catch (error) {
    await listener.close()
    throw error
  }
  return async () => {
    await removeAdminAccess(accessPath).finally(() => listener.close())
  }
}
