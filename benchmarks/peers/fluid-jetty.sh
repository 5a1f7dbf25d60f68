# A peer of the benchmark bed (see benchmarks/README.md): a Fluid4J router, and a Jetty of its own that is reached through a tunnel only.
PORT=18108
TUNNEL=18109
: "${FLUID_DIST:?the unpacked distribution: dist/target/fluid4j-VERSION}"
: "${JETTY_HOME:?an unpacked jetty-home 12.1}"
start() {
  local base=$DIR/base
  rm -rf "$base"; mkdir -p "$base"/{webapps,etc}
  cp -r "$BENCH_WORK/base/webapps/ROOT" "$base/webapps/ROOT"
  cp -r "$FLUID_DIST"/jetty/. "$base/"
  printf '%s\n' fluid.function=bench "fluid.router.urls=tcp://127.0.0.1:$TUNNEL" fluid.tunnel.secret=bench-bed-secret-0123456789 > "$base/etc/fluid.properties"
  (cd "$base" && "$JAVA" -jar "$JETTY_HOME/start.jar" --add-modules=server,ee11-deploy,fluid >/dev/null)
  printf '%s\n' "fluid.router.http.port=$PORT" "fluid.router.tunnel.port=$TUNNEL" fluid.router.admin.port=18110 \
    fluid.tunnel.secret=bench-bed-secret-0123456789 "fluid.data-dir=$DIR/data" ${FLUID_ROUTER_CONF:-} > "$DIR/router.properties"
  JAVA_HOME=$JDK JAVA_OPTS="$HEAP ${FLUID_ROUTER_OPTS:-}" spawn "$NAME" "$FLUID_DIST/bin/fluid" router --config "$DIR/router.properties"
  # No thread is kept in reserve: what the pool has is what requests get.
  # shellcheck disable=SC2086
  cd "$base" && spawn "$NAME-jetty" "$JAVA" $HEAP ${FLUID_JETTY_OPTS:-} -jar "$JETTY_HOME/start.jar" \
    jetty.threadPool.minThreads=10 jetty.threadPool.maxThreads="${threads:-400}" jetty.threadPool.reservedThreads=0
}
stop() { reap "$NAME-jetty"; reap "$NAME"; }
backend_pid() { pid_of "$NAME-jetty"; }
upstream_ports() { echo "$TUNNEL"; }
warmup() { echo "${JVM_WARM:-30}"; }
