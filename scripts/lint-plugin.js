// A rule of the linter that is this project's own.

/** A script that awaits a timer or a handle that does not keep the process alive ends in silence, with code 13. */
const awaitedTimersKeepAlive = {
  create(context) {
    const report = (node) => context.report({ node, message: 'What is awaited keeps the process alive.' });
    return {
      Property(node) {
        if (node.key.name === 'ref' && node.value.type === 'Literal' && node.value.value === false) report(node);
      },
      CallExpression({ callee }) {
        if (callee.type === 'MemberExpression' && callee.property.name === 'unref') report(callee);
      },
    };
  },
};

export default { meta: { name: 'secagg' }, rules: { 'awaited-timers-keep-alive': awaitedTimersKeepAlive } };
