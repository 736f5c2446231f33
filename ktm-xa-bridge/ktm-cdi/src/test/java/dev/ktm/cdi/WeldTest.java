package dev.ktm.cdi;

import jakarta.enterprise.inject.se.SeContainerInitializer;
import jakarta.enterprise.inject.spi.CDIProvider;
import org.jboss.weld.environment.se.Weld;
import org.jboss.weld.environment.se.WeldSEProvider;

class WeldTest extends CdiContract {

    @Override
    SeContainerInitializer initializer() {
        return new Weld();
    }

    @Override
    CDIProvider provider() {
        return new WeldSEProvider();
    }
}
