package dev.ktm.spring;

import com.zaxxer.hikari.HikariConfig;
import dev.ktm.Ktm;
import dev.ktm.jdbc.KtmDataSource;
import java.sql.SQLException;
import javax.sql.DataSource;
import javax.sql.XADataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.BeanFactoryAware;
import org.springframework.beans.factory.BeanNameAware;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.bind.handler.NoUnboundElementsBindHandler;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.core.env.Environment;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/** A {@link KtmDataSource} that is found again after a crash by the name of its bean. Opened when that is known. */
final class BeanDataSource extends DelegatingDataSource implements BeanNameAware, BeanFactoryAware, DisposableBean {

    private static final String MAIN = "dataSource";

    private final Ktm ktm;
    private final KtmProperties properties;
    private final Environment environment;
    private final XADataSource source;
    private String beanName = "";
    private @Nullable BeanFactory beans;
    private @Nullable KtmDataSource opened;

    BeanDataSource(Ktm ktm, KtmProperties properties, Environment environment, XADataSource source) {
        this.ktm = ktm;
        this.properties = properties;
        this.environment = environment;
        this.source = source;
    }

    @Override
    public void setBeanFactory(BeanFactory value) {
        beans = value;
    }

    @Override
    public void setBeanName(String name) {
        beanName = name;
    }

    @Override
    public void afterPropertiesSet() {
        var names = BeanNames.of(beanName, beans);
        beanName = names.name();
        var prefix = "ktm.datasource." + beanName;
        var more =
                names.find("ktm.datasource.", properties.getDatasource()).orElseGet(KtmProperties.PooledDatabase::new);
        var name = more.getName() == null ? beanName : more.getName();
        if (ktm.resourceManagers().contains(name)) {
            throw new PropertyException(
                    prefix + ".name",
                    "expected a name that no other data source or connection factory has, found \"" + name
                            + "\" again: each has its own, by which its branches are found after a crash");
        }
        var builder = KtmDataSource.builder(ktm, name).source(source).pool(pool(name, more));
        var user = more.getRecoveryUser();
        if (user != null) {
            var password = more.getRecoveryPassword();
            builder.recoveryUser(user, password == null ? "" : password);
        }
        try {
            opened = builder.open();
        } catch (SQLException | IllegalArgumentException e) {
            throw new DataSourceOpenException(beanName, e);
        }
        setTargetDataSource(opened);
    }

    private HikariConfig pool(String name, KtmProperties.PooledDatabase more) {
        var pool = new HikariConfig();
        pool.setPoolName(name);
        if (beanName.equals(MAIN)) {
            Binder.get(environment).bind("spring.datasource.hikari", Bindable.ofInstance(pool));
        }
        if (!more.getHikari().isEmpty()) {
            var ofBean = new MapConfigurationPropertySource();
            var prefix = "ktm.datasource." + DataObjectPropertyName.toDashedForm(beanName) + ".hikari";
            more.getHikari().forEach((key, value) -> ofBean.put(prefix + "." + key, value));
            new Binder(ofBean)
                    .bind(prefix, Bindable.ofInstance(pool), new NoUnboundElementsBindHandler(BindHandler.DEFAULT));
        }
        return pool;
    }

    @Override
    protected DataSource obtainTargetDataSource() {
        if (opened == null) {
            throw new IllegalStateException(
                    "expected a data source that is a bean, found one that is not: return what"
                            + " wrapDataSource gives from a method with @Bean; branches are found again by the name of the bean");
        }
        return super.obtainTargetDataSource();
    }

    @Override
    public void destroy() throws SQLException {
        if (opened != null) {
            opened.close();
        }
    }

    @Override
    public String toString() {
        return opened == null ? "data source that is not open yet" : opened.toString();
    }
}
