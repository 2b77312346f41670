// A file as base64 text: vite.config.ts makes the module.
declare module "*?base64" {
  const text: string;
  export default text;
}
