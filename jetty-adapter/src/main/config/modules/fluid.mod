[description]
Turns this server into an instance of a Fluid4J function.
The server dials the routers; it needs no HTTP connector and no open port.
Settings are read from etc/fluid.properties in $JETTY_BASE; those below win over it.

[tags]
connector
fluid

[depend]
server

[lib]
lib/fluid/*.jar

[xml]
etc/fluid.xml

[ini-template]
## The function (application) that this server serves; required here or in etc/fluid.properties.
# fluid.function=shop

## The version of the function.
# fluid.deployment=default

## The routers to dial, separated by commas: tcp:// or tls:// addresses. Or:
# fluid.router.urls=tcp://localhost:7443

## the resolvers that know the routers.
# fluid.resolver.urls=http://localhost:9054

## A file that holds the secret shared with the routers. (The secret itself belongs in no command line.)
# fluid.tunnel.secret-file=/etc/fluid/secret

## Where this server runs: near routers are preferred.
# fluid.region=default
# fluid.zone=default

## Upper bound of requests in flight; 0: found by itself.
# fluid.max-concurrency=0

## How long requests may take to finish when the server stops.
# fluid.drain-timeout=30s

## Another place for fluid.properties.
# fluid.config=
