// A worker of workerd: answers each request with the answers as JSON.
import { answers } from './answers.ts';

export default {
  async fetch(): Promise<Response> {
    return Response.json(await answers());
  },
};
