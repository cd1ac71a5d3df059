import { posix } from 'node:path'
import { READ_LIMIT, type FileInfo, type FolderFile, type FolderLimits, type Owner } from '../machine.ts'
import { fileInfo, folderFile, isAbsent, octal, orThrow, ownerWord, split, tooLong } from './answers.ts'
import type { Answer, Channel, Request } from './channel.ts'

/** The files of a computer behind a shell: looked at and changed by questions to the program there. */
export class SshFiles {
  protected readonly channel: Channel

  constructor(channel: Channel) {
    this.channel = channel
  }

  async read(path: string, limit = READ_LIMIT): Promise<Buffer | undefined> {
    const answer = await this.ask({ do: 'read', path, more: [String(limit + 1)] })
    if (isAbsent(answer)) return undefined
    const { body } = orThrow(answer, path)
    if (body.length > limit) throw tooLong(path, limit)
    return body
  }

  async list(path: string): Promise<readonly string[] | undefined> {
    const answer = await this.ask({ do: 'list', path })
    if (isAbsent(answer)) return undefined
    return orThrow(answer, path).body.toString('utf8').split('\0').slice(0, -1).sort()
  }

  async readFolder(path: string, limits: FolderLimits): Promise<readonly FolderFile[] | undefined> {
    const skip = limits.skipLocalLinks === true ? '1' : ''
    const answer = await this.ask({ do: 'folder', path, more: [String(limits.bytes + 1), skip] })
    if (isAbsent(answer)) return undefined
    return split(orThrow(answer, path).body, this.channel.mark('f\n'))
      .slice(1)
      .map((record) => folderFile(record, limits, this.channel.mark('e')))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .slice(0, limits.files)
  }

  async stat(path: string): Promise<FileInfo | undefined> {
    const answer = await this.ask({ do: 'stat', path })
    if (isAbsent(answer)) return undefined
    return fileInfo(orThrow(answer, path).body)
  }

  create(path: string, bytes: Buffer, mode: number, owner?: Owner): Promise<void> {
    const more = [ownerWord(owner), octal(mode), String(bytes.length)] as const
    return this.#change({ do: 'create', path, more, data: bytes })
  }

  rename(from: string, to: string): Promise<void> {
    return this.#beside('rename', from, to)
  }

  publish(from: string, to: string): Promise<void> {
    return this.#beside('publish', from, to)
  }

  remove(path: string): Promise<void> {
    return this.#change({ do: 'remove', path })
  }

  makeDirectory(path: string, mode: number, owner?: Owner): Promise<void> {
    return this.#change({ do: 'mkdir', path, more: [ownerWord(owner), octal(mode)] })
  }

  removeDirectory(path: string): Promise<void> {
    return this.#change({ do: 'rmdir', path })
  }

  async #beside(work: 'rename' | 'publish', from: string, to: string): Promise<void> {
    if (posix.dirname(from) !== posix.dirname(to))
      throw Object.assign(new Error(`${from} and ${to} are in two directories`), { code: 'EXDEV' })
    await this.#change({ do: work, path: to, more: [posix.basename(from)] })
  }

  async #change(request: Request & { readonly path: string }): Promise<void> {
    orThrow(await this.ask({ ...request, path: posix.normalize(request.path) }), request.path)
  }

  protected ask(request: Request): Promise<Answer> {
    const texts = [request.path ?? '', ...(request.words ?? [])]
    if (texts.some((text) => text.includes('\0')))
      return Promise.reject(Object.assign(new Error('NUL in a path'), { code: 'ERR_INVALID_ARG_VALUE' }))
    return this.channel.ask(request)
  }
}
