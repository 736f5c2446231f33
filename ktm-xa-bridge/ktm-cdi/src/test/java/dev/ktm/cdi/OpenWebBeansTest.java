package dev.ktm.cdi;

import jakarta.enterprise.inject.se.SeContainerInitializer;
import jakarta.enterprise.inject.spi.CDIProvider;
import org.apache.openwebbeans.se.OWBInitializer;
import org.apache.webbeans.container.OwbCDI;

class OpenWebBeansTest extends CdiContract {

    @Override
    SeContainerInitializer initializer() {
        return new OWBInitializer();
    }

    @Override
    CDIProvider provider() {
        return OwbCDI::new;
    }
}
