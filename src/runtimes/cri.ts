import { createConnection } from 'node:net'
import { errorText } from '../errors.ts'

/** What a CRI made of a pull: status 0 is success, 12 that nobody there does such things (grpc statuscodes.md). */
export interface CriAnswer {
  readonly status: number
  readonly message: string
}

export const UNIMPLEMENTED = 12
const UNKNOWN = 2
export const UNAVAILABLE = 14
const MAX_MESSAGE = 64 * 1024

/**
 * Has a CRI pull an image, as kubelet does: one unary gRPC call over the socket
 * (cri-api runtime.v1 ImageService.PullImage; grpc PROTOCOL-HTTP2.md). Its status comes in the trailers, or at once.
 * Never rejects: a socket that does not answer is status 14, as gRPC has it.
 */
export async function pullByCri(socketPath: string, image: string, timeoutMs: number): Promise<CriAnswer> {
  const { connect } = await import('node:http2')
  const session = connect('http://localhost', { createConnection: () => createConnection(socketPath) })
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<CriAnswer>((resolve) => {
      const failed = (error: unknown): void => {
        resolve({ status: UNAVAILABLE, message: errorText(error) })
      }
      const take = (headers: Readonly<Record<string, unknown>>): void => {
        const status = headers['grpc-status']
        if (status === undefined) return
        const message = headers['grpc-message']
        const said = typeof message === 'string' ? decoded(message.slice(0, MAX_MESSAGE)) : ''
        resolve({
          status: typeof status === 'string' && /^\d+$/.test(status) ? Number(status) : UNKNOWN,
          message: said,
        })
      }
      session.on('error', failed)
      const stream = session.request({
        ':method': 'POST',
        ':path': '/runtime.v1.ImageService/PullImage',
        'content-type': 'application/grpc',
        te: 'trailers',
      })
      // For all of it: an answer that trickles is none.
      timer = setTimeout(() => {
        failed(new Error('no answer in time'))
      }, timeoutMs)
      stream.on('response', take)
      stream.on('trailers', take)
      stream.on('error', failed)
      stream.on('close', () => {
        failed(new Error('it hung up'))
      })
      // The name of the image is in the trailers' message or nowhere: the body of the answer is of no interest.
      stream.resume()
      stream.end(framed(field(1, field(1, Buffer.from(image)))))
    })
  } finally {
    clearTimeout(timer)
    session.destroy()
  }
}

/** A length-prefixed field of protobuf (encoding.md): `number` below 16. */
function field(number: number, bytes: Buffer): Buffer {
  const length: number[] = []
  for (let left = bytes.length; ; left >>>= 7) {
    length.push(left > 127 ? (left & 127) | 128 : left)
    if (left <= 127) break
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes])
}

/** One message of gRPC, not compressed. */
function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

/** grpc-message is percent-encoded; what is not stays as it is. */
function decoded(message: string): string {
  try {
    return decodeURIComponent(message)
  } catch {
    return message
  }
}
