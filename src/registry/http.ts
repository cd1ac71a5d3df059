/** The one door to undici. Behind a dynamic import, so that only those who speak HTTP pay for it. */
export { Agent, Client, request } from 'undici'
