# A peer of the benchmark bed (see benchmarks/README.md): a Fluid4J router, and a Tomcat of its own that is reached through a tunnel only.
PORT=18108
TUNNEL=18109
: "${FLUID_DIST:?the unpacked distribution: dist/target/fluid4j-VERSION}"
start() {
  local base=$DIR/base
  rm -rf "$base"; mkdir -p "$base"/{conf,logs,temp,work,lib}
  cp -r "$BENCH_WORK/base/webapps" "$base/webapps"
  cp "$FLUID_DIST"/tomcat/*.jar "$base/lib/"
  cat > "$base/conf/server.xml" <<XML
<Server port="-1">
  <Service name="bench">
    <Connector protocol="io.fluid4j.tomcat.FluidProtocol" maxThreads="\${bench.threads}" minSpareThreads="10"/>
    <Engine name="bench" defaultHost="localhost">
      <Host name="localhost" appBase="webapps" autoDeploy="false"/>
    </Engine>
  </Service>
</Server>
XML
  printf '%s\n' fluid.function=bench "fluid.router.urls=tcp://127.0.0.1:$TUNNEL" fluid.tunnel.secret=bench-bed-secret-0123456789 > "$base/conf/fluid.properties"
  printf '%s\n' "fluid.router.http.port=$PORT" "fluid.router.tunnel.port=$TUNNEL" fluid.router.admin.port=18110 \
    fluid.tunnel.secret=bench-bed-secret-0123456789 "fluid.data-dir=$DIR/data" ${FLUID_ROUTER_CONF:-} > "$DIR/router.properties"
  JAVA_HOME=$JDK JAVA_OPTS="$HEAP ${FLUID_ROUTER_OPTS:-}" spawn "$NAME" "$FLUID_DIST/bin/fluid" router --config "$DIR/router.properties"
  # shellcheck disable=SC2086
  spawn "$NAME-tomcat" "$JAVA" $HEAP ${FLUID_TOMCAT_OPTS:-} -Dcatalina.home="$BENCH_WORK/tomcat" -Dcatalina.base="$base" \
    -Dbench.threads="${threads:-400}" -cp "$BENCH_WORK/tomcat/bin/bootstrap.jar:$BENCH_WORK/tomcat/bin/tomcat-juli.jar" \
    org.apache.catalina.startup.Bootstrap start
}
stop() { reap "$NAME-tomcat"; reap "$NAME"; }
backend_pid() { pid_of "$NAME-tomcat"; }
upstream_ports() { echo "$TUNNEL"; }
warmup() { echo "${JVM_WARM:-30}"; }
