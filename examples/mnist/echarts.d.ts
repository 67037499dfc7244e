// ECharts in one file: it loads ten times faster than the hundreds of modules of the package.
declare module 'echarts/dist/echarts.esm.min.mjs' {
  export * from 'echarts';
}
