/** What docs/operations/provider.md says stands before a public provider: nginx with TLS and HTTP/2, of this machine's own making. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { pause } from '@granary/base'

export const proxyCanRun: boolean =
  spawnSync('nginx', ['-v']).status === 0 && spawnSync('openssl', ['version']).status === 0

export interface Proxy {
  readonly url: string
  /** The file of the certificate, which is its own authority. */
  readonly certificate: string
  /** Resolves when it listens. */
  start(upstream: string): Promise<void>
  stop(): Promise<void>
}

/** Its address is known before what stands behind it. */
export async function createProxy(folder: string): Promise<Proxy> {
  mkdirSync(folder)
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1']
  execFileSync('openssl', ['req', '-x509', ...newKey, '-keyout', key, '-out', certificate, ...subject], {
    stdio: 'pipe',
  })
  const port = await freePort()
  let running: ReturnType<typeof spawn> | undefined
  return {
    url: `https://localhost:${port}`,
    certificate,
    async start(upstream) {
      writeFileSync(join(folder, 'nginx.conf'), configuration({ folder, port, key, certificate, upstream }))
      const child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' })
      running = child
      while (!(await accepts(port))) {
        if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}: look at ${folder}/error.log`)
        await pause(20)
      }
    },
    async stop() {
      if (running === undefined || running.exitCode !== null) return
      running.kill('SIGTERM')
      await once(running, 'close')
    },
  }
}

interface ProxyConfiguration {
  readonly folder: string
  readonly port: number
  readonly key: string
  readonly certificate: string
  readonly upstream: string
}

/** The `server` is that of the documentation, but for its names. */
function configuration({ folder, port, key, certificate, upstream }: ProxyConfiguration): string {
  return `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port} ssl http2;
    server_name localhost;
    ssl_certificate ${certificate};
    ssl_certificate_key ${key};
    client_max_body_size 0;
    location / {
      proxy_pass ${upstream};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_read_timeout 1h;
    }
  }
}
`
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
