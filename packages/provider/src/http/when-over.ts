/** When nobody waits for an answer any more: it is out, or its client has gone. */
import type { Request, Response } from 'express'

/** Once. An answer that waits behind another on its line is not closed itself when the line breaks. */
export function whenOver({ socket }: Request, response: Response, then: () => void): void {
  const over = (): void => {
    response.off('close', over)
    socket.off('close', over)
    then()
  }
  response.on('close', over)
  socket.on('close', over)
  if (response.closed || socket.destroyed) over()
}
