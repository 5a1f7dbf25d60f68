[description]
Runs a Fluid4J router inside this server, on ports and threads of its own.
Instances dial its tunnel port; clients use its HTTP port.
Settings are read from etc/fluid.properties in $JETTY_BASE; those below win over it.

[tags]
fluid

[depend]
server

[lib]
lib/fluid/*.jar
lib/fluid-router/*.jar
lib/http2/*.jar
lib/jetty-alpn-server-${jetty.version}.jar
lib/jetty-alpn-java-server-${jetty.version}.jar

[xml]
etc/fluid-router.xml

[ini-template]
## Port for clients: HTTP/1.1 and h2c. Another one than that of the http module.
# fluid.router.http.port=8080

## Port for clients over TLS; needs fluid.router.https.certificate and .key in etc/fluid.properties.
# fluid.router.https.port=off

## Port and address that instances dial.
# fluid.router.tunnel.port=7443
# fluid.router.tunnel.bind=127.0.0.1

## A file that holds the secret shared with the instances; required here or in etc/fluid.properties.
# fluid.tunnel.secret-file=/etc/fluid/secret

## Port of health, metrics, dashboard and admin API.
# fluid.router.admin.port=9090

## Name of this router in the fleet.
# fluid.router.id=

## Another place for fluid.properties.
# fluid.config=
